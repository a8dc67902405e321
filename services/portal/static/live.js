// The live page: asks every second, shows what it gets. Everything from the server is set as text, never as markup.
"use strict";

const TOKEN = "operator-token";
const EVERY = 1000; // milliseconds between looks
const PATIENCE = 8000; // milliseconds until a look counts as lost
const OUTCOMES = ["accepted", "duplicate", "rejected", "dead", "waiting"];
const WORDS = {
  accepted: ["受理", "accepted"], duplicate: ["重複", "duplicate"], rejected: ["退回", "rejected"],
  dead: ["失敗", "dead"], waiting: ["待判定", "waiting"],
  records: ["紀錄", "Records"], cases: ["案件", "Cases"], offersAll: ["提供", "Offers"],
  worklist: ["待人工判定", "To be judged"],
  received: ["每秒收件", "Received a second"], judged: ["每秒判定", "Judged a second"],
  offered: ["每秒提供", "Offered a second"], oldest: ["最久待判定（秒）", "Oldest waiting (s)"],
  deadLetters: ["無法處理", "Dead letters"],
  sender: ["傳送者", "Sender"], insurer: ["保險公司", "Insurer"], numbers: ["已編號", "Numbered"],
  step: ["步驟", "Step"], before: ["待處理", "Waiting"],
  time: ["時間", "Time"], record: ["紀錄", "Record"], kind: ["種類", "Kind"], verdict: ["判定", "Verdict"],
  problems: ["問題", "Problems"],
  validation: ["檢核", "validation"], deduplication: ["去重", "deduplication"], consent: ["授權", "consent"],
  hub: ["組案", "hub"], sequencer: ["編號", "sequencer"],
  document: ["醫療文件", "document"], accident: ["事故", "accident"], "accident-file": ["事故檔", "accident file"],
  paper: ["上傳", "upload"], application: ["申請", "application"], authorisation: ["授權", "authorisation"],
  mandate: ["委託", "mandate"],
  review: ["審核", "review"], withdrawal: ["撤回", "withdrawal"], judgement: ["人工判定", "judgement"],
  participant: ["參與者", "participant"],
};

const at = (id) => document.getElementById(id);
let timer = null;
let turn = 0; // an answer to an earlier turn is thrown away

function make(tag, content, className) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (content !== undefined) made.append(content);
  return made;
}

/** Chinese, then English in a span of its own. */
function both(name, tag = "span") {
  const [zh, en] = WORDS[name] || [name, ""];
  const made = make(tag, zh);
  if (en) {
    const english = make("span", en);
    english.lang = "en";
    made.append(" ", english);
  }
  return made;
}

function heads(table, names) {
  if (table.tHead.rows.length) return;
  const row = table.tHead.insertRow();
  for (const [name, className] of names) {
    const cell = both(name, "th");
    cell.scope = "col";
    if (className) cell.className = className;
    row.append(cell);
  }
}

/** Replaces the body only when it changed: a reader's place and selection stay. */
function fill(table, rows, columns) {
  const body = document.createElement("tbody");
  for (const cells of rows) body.insertRow().append(...cells);
  if (!rows.length) {
    const cell = make("td", "尚無 none yet", "empty");
    cell.colSpan = columns;
    body.insertRow().append(cell);
  }
  if (!table.tBodies[0].isEqualNode(body)) table.tBodies[0].replaceWith(body);
}

const count = (value) => Number(value || 0).toLocaleString("en");
const number = (value, className = "") => make("td", count(value), `number ${value ? className : "zero"}`);

function named(code, name) {
  const cell = make("th", name || code);
  cell.scope = "row";
  if (name) cell.append(make("span", code, "code"));
  return cell;
}

function show(told) {
  const offers = told.offers.reduce((sum, one) => sum + one.offers, 0);
  const figures = [
    ["records", count(told.records)], ["cases", count(told.cases)], ["offersAll", count(offers)],
    ["worklist", count(told.worklist)],
    ["received", told.perSecond.received], ["judged", told.perSecond.judged], ["offered", told.perSecond.offered],
    ["oldest", told.oldestWaitingSeconds], ["deadLetters", count(told.deadLetters)],
  ].map(([name, value]) => {
    const item = document.createElement("div");
    item.append(both(name, "dt"), make("dd", String(value), name === "deadLetters" && value !== "0" ? "dead" : ""));
    return item;
  });
  at("figures").replaceChildren(...figures);
  heads(at("senders"), [["sender"], ...OUTCOMES.map((one) => [one, "number"])]);
  fill(at("senders"), told.senders.map((one) => [
    named(one.sender, one.name), ...OUTCOMES.map((outcome) => number(one.verdicts[outcome], outcome)),
  ]), OUTCOMES.length + 1);
  heads(at("offers"), [["insurer"], ["numbers", "number"]]);
  fill(at("offers"), told.offers.map((one) => [named(one.insurer, one.name), number(one.offers)]), 2);
  heads(at("lag"), [["step"], ["before", "number"]]);
  fill(at("lag"), Object.entries(told.lag).map(([step, lag]) => {
    const cell = both(step, "th");
    cell.scope = "row";
    return [cell, number(lag)];
  }), 2);
  heads(at("recent"), [["time"], ["verdict"], ["kind"], ["sender"], ["record"], ["problems"]]);
  fill(at("recent"), told.recent.map((one) => {
    const verdict = make("td", both(one.verdict), one.verdict);
    const codes = make("td", one.problems.join(", "), "codes");
    return [
      make("td", clock(one.time)), verdict, make("td", both(one.kind)), make("td", one.sender),
      make("td", one.record, "id"), codes,
    ];
  }), 6);
}

const clock = (time) => new Date(time).toLocaleTimeString("zh-TW", { hour12: false, timeZone: "Asia/Taipei" });

/** The words are a live region and change seldom; the clock beside them changes every second and is none. */
function state(className, zh, en, time) {
  const english = make("span", en);
  english.lang = "en";
  const told = make("span", zh);
  told.append(" ", english);
  at("state").className = className;
  if (at("connection").textContent !== told.textContent) at("connection").replaceChildren(...told.childNodes);
  if (time) at("clock").textContent = clock(time);
}

function trouble(zh, en) {
  const box = at("trouble");
  box.hidden = !zh;
  if (!zh) return;
  const english = make("span", en);
  english.lang = "en";
  const told = make("span", zh);
  told.append(" ", english);
  if (box.textContent !== told.textContent) box.replaceChildren(told); // said again, a reader's voice would repeat it
}

function signOut(zh, en) {
  turn += 1;
  clearTimeout(timer);
  sessionStorage.removeItem(TOKEN);
  at("board").hidden = true;
  at("leave").hidden = true;
  at("sign-in").hidden = false;
  state("", "尚未登入", "Not signed in");
  at("clock").textContent = "";
  trouble(zh, en);
  at("token").value = "";
  at("token").focus();
}

async function look() {
  const mine = turn;
  try {
    const answer = await fetch("/portal/live", {
      headers: { authorization: `Bearer ${sessionStorage.getItem(TOKEN)}` },
      cache: "no-store", signal: AbortSignal.timeout(PATIENCE),
    });
    if (mine !== turn) return;
    if (answer.status === 401) {
      signOut("權杖不正確，請重新輸入。", "This token is not known here. It may be of another sandbox; enter the right one.");
      return;
    }
    if (answer.status === 403) {
      signOut("此權杖不是操作人員，或已停權。", "This is not an admitted operator's token. Take one listed under “operators”.");
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const told = await answer.json();
    if (mine !== turn) return;
    at("sign-in").hidden = true;
    at("board").hidden = false;
    at("leave").hidden = false;
    show(told);
    trouble();
    state("live", "連線中", "Live", told.time);
  } catch (error) {
    if (mine !== turn) return;
    const status = /^\d+$/.test(error.message) ? error.message : "";
    state("lost", "連線中斷", "Connection lost");
    trouble(
      `無法取得資料${status ? `（${status}）` : ""}，將持續重試；下方為最後一次的數字。`,
      `No answer from the interchange${status ? ` (${status})` : ""}. Trying again every second; the figures below are the last ones.`,
    );
  }
  timer = setTimeout(look, EVERY);
}

function begin() {
  turn += 1;
  clearTimeout(timer);
  state("", "正在連線", "Connecting");
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
if (sessionStorage.getItem(TOKEN)) begin();
else at("token").focus();
