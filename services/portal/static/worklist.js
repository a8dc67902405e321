// The work list: asks for a page every five seconds, shows its pairs, sends judgements. Everything from the server is set as text.
"use strict";

const TOKEN = "operator-token";
const EVERY = 5000; // milliseconds between looks
const PATIENCE = 20000; // milliseconds until an answer counts as lost
const WORDS = {
  record: ["紀錄", "Record"], sender: ["傳送者", "Sender"], received: ["收件", "Received"], case: ["案件", "Case"],
  beside: ["同案其他", "Beside it"], none: ["無", "none"], reason: ["理由（必填）", "Reason (required)"],
  same: ["同一事故", "Same accident"], "not-same": ["不同事故", "Not the same"],
  differs: ["不同", "differs"], silent: ["未載明", "not told"], value: ["項目", "What"], page: ["第 # 頁", "Page #"],
};

const at = (id) => document.getElementById(id);
const judged = new Set(); // pairs sent from here that the list may still hold until the hub has folded them
const cards = new Map(); // by the records of the pair; a card stays as it is, so that a reason half written is kept
const pages = [""]; // where each page up to this one begins, as its query
let next = null; // where the page after this one begins
let timer = null;
let turn = 0; // an answer to an earlier turn is thrown away

function make(tag, content, className) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (content !== undefined) made.append(content);
  return made;
}

/** Chinese, then English in a span of its own. */
function both(zh, en, tag = "span", className = "") {
  const made = make(tag, zh, className);
  const english = make("span", en);
  english.lang = "en";
  made.append(" ", english);
  return made;
}

const word = (name, tag) => both(...WORDS[name], tag);

/** Chinese and English, or once what is the same in both. */
const said = (told) => (told.text === told.textEn ? make("span", told.text) : both(told.text, told.textEn));

function cell(content, className) {
  const made = make("td", undefined, className);
  made.append(content);
  return made;
}

function row(title, cells, comparison = "") {
  const made = make("tr", undefined, comparison);
  const head = make("th");
  head.scope = "row";
  head.append(title);
  if (comparison === "differs") {
    const mark = word("differs");
    mark.className = "mark";
    head.append(" ", mark);
  }
  made.append(head, ...cells);
  return made;
}

/** Of each record what it tells, then where it comes from; a record a column. */
function table(told) {
  const head = document.createElement("thead");
  const heads = told.sides.map((one) => {
    const made = make("th");
    made.scope = "col";
    made.append(both(one.text, one.textEn));
    return made;
  });
  const top = make("tr");
  top.append(cell(word("value")), ...heads);
  head.append(top);
  const body = document.createElement("tbody");
  for (const one of told.rows) {
    const cells = one.values.map((value) => (value ? cell(said(value)) : cell(word("silent"), "silent")));
    body.append(row(both(one.text, one.textEn), cells, one.comparison));
  }
  const of = {
    sender: (one) => (one.name ? `${one.name} ${one.sender}` : one.sender),
    received: (one) => new Date(one.received).toLocaleString("zh-TW", { hour12: false, timeZone: "Asia/Taipei" }),
    case: (one) => one.case || word("none"),
    beside: (one) => one.beside.map((kind) => `${kind.text} ${kind.textEn}`).join("、") || word("none"),
    record: (one) => one.record,
  };
  const origin = make("tbody", undefined, "origin");
  for (const [name, tell] of Object.entries(of)) {
    origin.append(row(word(name), told.sides.map((one) => cell(tell(one), name === "record" ? "id" : ""))));
  }
  const made = make("table", undefined, "sides");
  made.append(head, body, origin);
  return made;
}

function signs(told) {
  const list = make("ul", undefined, "signs");
  for (const one of told) {
    const row = make("li", undefined, one.weight < 0 ? "against" : "for");
    row.append(make("span", (one.weight > 0 ? "+" : "") + one.weight, "weight"), both(one.text, one.textEn));
    list.append(row);
  }
  return list;
}

function pair(told, automatic, name) {
  const card = make("article", undefined, "pair");
  const title = both("是否為同一事故？", "One accident?", "h2");
  title.append(make("span", `${told.score} / ${automatic}`, "score"));
  const form = document.createElement("form");
  const label = word("reason", "label");
  const reason = document.createElement("input");
  reason.id = label.htmlFor = `reason-${name}`;
  reason.required = true;
  reason.maxLength = 1000;
  const buttons = ["same", "not-same"].map((judgement) => {
    const button = word(judgement, "button");
    button.type = "submit";
    button.value = judgement;
    if (judgement !== "same") button.className = "apart";
    return button;
  });
  form.append(label, reason, ...buttons);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    judge(told, name, event.submitter ? event.submitter.value : "", reason.value.trim(), buttons);
  });
  card.append(title, table(told), signs(told.signs), form);
  return card;
}

async function judge(told, name, judgement, reason, buttons) {
  if (!judgement || !reason) {
    trouble("請寫明理由，再按下判定。", "Say why, then press one of the two buttons.");
    return;
  }
  buttons.forEach((one) => { one.disabled = true; });
  const id = [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
  const body = { id: `worklist-${id}`, version: 1, judgement, records: told.sides.map((one) => one.record), reason };
  try {
    const answer = await ask("/judgements", {
      method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", prefer: "wait=15" },
    });
    if (!answer.ok) throw new Error(String(answer.status));
    judged.add(name);
    drop(name);
    trouble();
    begin();
  } catch (error) {
    buttons.forEach((one) => { one.disabled = false; });
    trouble("判定未送達，請再試一次。", "The judgement was not taken. Try again.");
  }
}

function drop(name) {
  const card = cards.get(name);
  if (card) card.remove();
  cards.delete(name);
}

/** The page as answered. Cards of other pages are kept out of sight with what was written on them. */
function show(told) {
  const listed = told.pairs.map((one) => [one.sides.map((side) => side.record).join("-"), one]);
  for (const name of [...judged]) if (!listed.some(([other]) => other === name)) judged.delete(name);
  const wanted = listed.filter(([name]) => !judged.has(name)).map(([name, one]) => {
    if (!cards.has(name)) cards.set(name, pair(one, told.automatic, name));
    return cards.get(name);
  });
  for (const card of [...at("pairs").children]) if (!wanted.includes(card)) card.remove();
  // Where it stands already a card is not touched: moved, it would lose the focus of who writes on it.
  wanted.forEach((card, place) => {
    if (at("pairs").children[place] !== card) at("pairs").insertBefore(card, at("pairs").children[place] || null);
  });
  next = told.next;
  const waiting = Math.max(told.waiting - judged.size, wanted.length);
  at("none").hidden = waiting > 0;
  at("end").hidden = waiting === 0 || wanted.length > 0;
  at("turn").hidden = pages.length === 1 && next === null;
  at("back").disabled = pages.length === 1;
  at("more").disabled = next === null;
  at("number").replaceChildren(both(...WORDS.page.map((text) => text.replace("#", pages.length))));
  state("live", `${waiting} 件待判定`, `${waiting} to be judged`);
}

function turnTo(change) {
  change();
  at("pairs").replaceChildren();
  at("turn").hidden = true;
  scrollTo(0, 0);
  begin();
}

function ask(path, more = {}) {
  const headers = { accept: "application/json", authorization: `Bearer ${sessionStorage.getItem(TOKEN)}`, ...more.headers };
  return fetch(path, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE), ...more, headers });
}

function state(className, zh, en) {
  const told = both(zh, en);
  at("state").className = className;
  if (at("connection").textContent !== told.textContent) at("connection").replaceChildren(...told.childNodes);
}

function trouble(zh, en) {
  at("trouble").hidden = !zh;
  if (zh) at("trouble").replaceChildren(both(zh, en));
}

function signOut(zh, en) {
  turn += 1;
  clearTimeout(timer);
  sessionStorage.removeItem(TOKEN);
  for (const name of [...cards.keys()]) drop(name);
  pages.length = 1;
  at("list").hidden = at("leave").hidden = true;
  at("sign-in").hidden = false;
  state("", "尚未登入", "Not signed in");
  trouble(zh, en);
  at("token").value = "";
  at("token").focus();
}

async function look() {
  const mine = turn;
  try {
    const answer = await ask(`/worklist${pages.at(-1)}`);
    if (mine !== turn) return;
    if (answer.status === 401 || answer.status === 403) {
      signOut("權杖不正確，或不是操作人員。", "This is not an admitted operator's token. Take one listed under “operators”.");
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const told = await answer.json();
    if (mine !== turn) return;
    at("sign-in").hidden = true;
    at("list").hidden = at("leave").hidden = false;
    show(told);
  } catch (error) {
    if (mine !== turn) return;
    state("lost", "連線中斷，將持續重試", "Connection lost, trying again");
  }
  timer = setTimeout(look, EVERY);
}

function begin() {
  turn += 1;
  clearTimeout(timer);
  look();
}

at("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = at("token").value.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) {
    trouble("權杖只含英數字與符號。", "A token has letters, digits and signs only, without spaces.");
    return;
  }
  sessionStorage.setItem(TOKEN, token);
  trouble();
  begin();
});
at("leave").addEventListener("click", () => signOut());
at("more").addEventListener("click", () => turnTo(() => pages.push(`?after=${next}`)));
at("back").addEventListener("click", () => turnTo(() => pages.pop()));
if (sessionStorage.getItem(TOKEN)) begin();
else at("token").focus();
