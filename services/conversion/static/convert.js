// The clerk's page: files in, problems beside their rows, papers to look at, documents sent with the hospital's token.
// Everything read or answered is set as text, never as markup; a paper is shown in a frame that runs nothing.
"use strict";

const TOKEN = "hospital-token";
const PATIENCE = 120000; // milliseconds for one request: five hundred cases take some seconds
const TRIES = 20; // while the interchange converts for others
const TAIPEI = 8 * 3600 * 1000; // milliseconds before UTC
// Which row it is, to the clerk who has the list before her.
const KEYS = ["caseNumber", "encounterNumber", "patientName", "certificateNumber", "receiptNumber", "item"];
const FORMS = { certificate: "診斷證明書", receipt: "收據明細" };
const KINDS = { error: ["錯誤", "Error"], warning: ["提醒", "Warning"] };

const at = (id) => document.getElementById(id);
let files = [];
let names = []; // of the files as they were converted, which a choice made since then does not change
let made = []; // {case, body, verdict}: body is the text as the interchange wrote it, and goes back as it is
let turn = 0; // an answer to an earlier turn is thrown away

function make(tag, content, className) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (content !== undefined) element.append(content);
  return element;
}

/** Chinese, then English in a span of its own. */
function both(zh, en, tag = "span", className = "") {
  const element = make(tag, zh, className);
  const english = make("span", en);
  english.lang = "en";
  element.append(" ", english);
  return element;
}

function button(zh, en, act) {
  const element = both(zh, en, "button");
  element.type = "button";
  element.addEventListener("click", act);
  return element;
}

function trouble(zh, en = "") {
  at("trouble").hidden = !zh;
  if (zh) at("trouble").replaceChildren(both(zh, en));
}

function show(signedIn) {
  at("sign-in").hidden = signedIn;
  at("work").hidden = !signedIn;
  at("leave").hidden = !signedIn;
}

function signOut(zh, en) {
  turn += 1;
  sessionStorage.removeItem(TOKEN);
  files = [];
  made = [];
  for (const id of ["chosen", "cases", "problems", "report"]) at(id).replaceChildren();
  at("result").hidden = true;
  at("paper").removeAttribute("srcdoc");
  at("token").value = "";
  show(false);
  trouble(zh, en);
  at("token").focus();
}

/** The answer, once it is neither "later" nor "not you". Null: signed out meanwhile. */
async function ask(path, options = {}) {
  const mine = turn;
  for (let attempt = 0; ; attempt += 1) {
    const answer = await fetch(path, {
      ...options,
      headers: { ...options.headers, authorization: `Bearer ${sessionStorage.getItem(TOKEN)}` },
      cache: "no-store", signal: AbortSignal.timeout(PATIENCE),
    });
    if (mine !== turn) return null;
    if (answer.status === 401) {
      signOut("權杖不正確，請重新輸入。", "This token is not known here. It may be of another sandbox; enter the right one.");
      return null;
    }
    if ((answer.status === 503 || answer.status === 429) && attempt < TRIES) {
      const seconds = Number(answer.headers.get("retry-after")) || 1;
      await new Promise((done) => { setTimeout(done, seconds * 1000); });
      continue;
    }
    return answer;
  }
}

/** What a refusal says: RFC 9457, or an OperationOutcome. */
async function reason(answer) {
  try {
    const told = await answer.json();
    return told.detail || told.issue?.[0]?.details?.text || String(answer.status);
  } catch {
    return String(answer.status);
  }
}

const lost = () => trouble("無法連線，請稍後再試。", "No answer from the interchange. Try again in a moment; repeating is safe.");

// Files

function listFiles() {
  at("chosen").replaceChildren(...files.map((file, place) => {
    const item = document.createElement("li");
    const size = `${Math.max(1, Math.round(file.size / 1024)).toLocaleString("en")} kB`;
    const remove = button("移除", "Remove", () => { files.splice(place, 1); listFiles(); });
    remove.setAttribute("aria-label", `移除 ${file.name}`);
    item.append(make("span", file.name, "name"), make("span", size, "size"), remove);
    return item;
  }));
  at("convert").disabled = !files.length;
}

function add(list) {
  for (const file of list) {
    files = files.filter((one) => one.name !== file.name);
    files.push(file);
  }
  listFiles();
}

async function convert() {
  const form = new FormData();
  for (const file of files) form.append("file", file, "form"); // its name may be a person's; nobody needs it
  // When the newest file was saved: the same files give the same documents, so that sending them again is safe.
  const newest = Math.max(...files.map((file) => file.lastModified));
  const timestamp = `${new Date(newest + TAIPEI).toISOString().slice(0, 19)}+08:00`;
  names = files.map((file) => file.name);
  at("convert").disabled = true;
  trouble();
  try {
    const path = `/fhir/$convert?view=clerk&timestamp=${encodeURIComponent(timestamp)}`;
    const answer = await ask(path, { method: "POST", body: form });
    if (!answer) return;
    if (answer.status === 403) {
      signOut("此權杖不是醫院，或已停權。", "This is not an admitted hospital's token. Take one listed under “hospitals”.");
      return;
    }
    if (answer.status !== 200 && answer.status !== 422) {
      trouble(`未能轉換：${await reason(answer)}`, "The files were not converted.");
      return;
    }
    showResult(await answer.json());
  } catch {
    lost();
  } finally {
    at("convert").disabled = !files.length;
  }
}

// What came of it

function showResult(told) {
  made = told.bundles.map((body, place) => ({ case: told.cases[place].case, body, verdict: null }));
  const errors = told.problems.filter((one) => one.severity === "error").length;
  const warnings = told.problems.length - errors;
  at("summary").replaceChildren(both(
    `${made.length} 份文件可傳送，${errors} 項錯誤，${warnings} 項提醒`,
    `${made.length} documents to send, ${errors} errors, ${warnings} warnings`,
  ));
  showCases();
  showProblems(told);
  showReport(told.report);
  at("result").hidden = false;
  at("made-title").focus();
}

function showCases() {
  at("cases").replaceChildren(...made.map((one) => {
    const item = document.createElement("li");
    const verdict = make("span", undefined, "verdict");
    verdict.setAttribute("role", "status");
    const sending = button("傳送", "Send", async () => {
      sending.disabled = true;
      await send(one);
    });
    one.show = (zh, en, className, final) => {
      verdict.className = `verdict ${className}`;
      verdict.replaceChildren(both(zh, en));
      sending.disabled = final;
    };
    const look = button("預覽", "Preview", () => preview(one));
    for (const [element, word] of [[look, "預覽"], [sending, "傳送"]]) element.setAttribute("aria-label", `${word} ${one.case}`);
    item.append(make("span", one.case, "case"), look, sending, verdict);
    return item;
  }));
  at("send-all").hidden = made.length < 2;
  at("send-all").disabled = false;
}

async function preview(one) {
  trouble();
  try {
    const answer = await ask("/fhir/$render", {
      method: "POST", body: one.body, headers: { "content-type": "application/fhir+json" },
    });
    if (!answer) return;
    if (!answer.ok) {
      trouble(`無法預覽：${await reason(answer)}`, "No preview.");
      return;
    }
    at("paper").srcdoc = await answer.text();
    at("preview").showModal();
  } catch {
    lost();
  }
}

const VERDICTS = {
  200: ["已有相同的文件，未重複建立", "Already there; nothing was made twice", "duplicate", true],
  201: ["已受理", "Accepted", "accepted", true],
  202: ["已收到，稍後判定", "Received; the verdict comes later", "waiting", true],
};

async function send(one) {
  try {
    const answer = await ask("/fhir/Bundle", {
      method: "POST", body: one.body, headers: { "content-type": "application/fhir+json", prefer: "wait=10" },
    });
    if (!answer) return;
    const [zh, en, className, final] = VERDICTS[answer.status] || ["未受理", "Refused", "rejected", false];
    const record = answer.headers.get("claims-record");
    const why = VERDICTS[answer.status] ? "" : `：${await reason(answer)}`;
    one.verdict = answer.status;
    one.show(`${zh}${why}`, record ? `${en}, record ${record}` : en, className, final);
  } catch {
    one.show("無法連線，請再試一次（不會重複建立）", "No answer. Try again: nothing is made twice", "dead", false);
  }
}

async function sendAll() {
  at("send-all").disabled = true;
  for (const one of made) {
    if (!VERDICTS[one.verdict]) await send(one);
    if (at("work").hidden) return;
  }
  at("send-all").disabled = made.every((one) => VERDICTS[one.verdict]);
}

/** One problem; `place` is said where it does not stand in its row. */
function problem(one, place = "") {
  const item = make("div", undefined, `problem ${one.severity}`);
  const [zh, en] = KINDS[one.severity];
  const said = both(one.text, one.textEn);
  item.append(both(zh, en, "span", "kind"), " ", ...(place ? [make("span", `${place}　`, "place")] : []), said);
  const fix = make("span", `→ ${one.fix}`, "fix");
  fix.lang = "en";
  item.append(fix);
  return item;
}

function showProblems(told) {
  const box = at("problems");
  box.replaceChildren();
  if (!told.problems.length) box.append(both("沒有問題", "None", "p"));
  const inSheet = (sheet) => (one) => one.file === sheet.file && one.sheet === sheet.sheet;
  const loose = told.problems.filter((one) => !told.sheets.some((sheet) => inSheet(sheet)(one)));
  for (const one of loose) box.append(problem(one, names[one.file - 1] || ""));
  for (const sheet of told.sheets) {
    const own = told.problems.filter(inSheet(sheet));
    if (!own.length) continue;
    box.append(make("h3", `${names[sheet.file - 1]}：${FORMS[sheet.form]}`));
    for (const one of own.filter((one) => !one.line || one.line === sheet.header)) {
      box.append(problem(one, one.column ? `第 ${one.column} 欄` : ""));
    }
    const beside = own.filter((one) => one.line && one.line !== sheet.header);
    if (beside.length) box.append(...rows(sheet, beside));
  }
}

/** The rows of a sheet, problems under each: those that have any, with the columns that tell which row it is and those
 * with problems; or the whole table. */
function rows(sheet, problems) {
  const faulty = new Set(problems.map((one) => one.line));
  const telling = new Set(problems.map((one) => one.column - 1));
  sheet.fields.forEach((field, place) => { if (KEYS.includes(field)) telling.add(place); });
  const every = sheet.titles.map((_, place) => place);
  const draw = (whole) => table(
    sheet, problems,
    whole ? sheet.rows : sheet.rows.filter((row) => faulty.has(row.row)),
    whole ? every : every.filter((place) => telling.has(place)),
  );
  const scroll = make("div", draw(false), "scroll");
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", `${FORMS[sheet.form]}的列`);
  const toggle = button("顯示整張表", "Show the whole table", () => {
    const whole = toggle.getAttribute("aria-expanded") === "false";
    scroll.replaceChildren(draw(whole));
    toggle.setAttribute("aria-expanded", String(whole));
  });
  toggle.className = "toggle";
  toggle.setAttribute("aria-expanded", "false");
  const left = sheet.left ? [both(`另有 ${sheet.left} 列未顯示`, `${sheet.left} more rows are not shown`, "p", "hint")] : [];
  return [toggle, scroll, ...left];
}

function table(sheet, problems, shown, columns) {
  const made = document.createElement("table");
  const head = made.createTHead().insertRow();
  for (const [place, name] of ["列", ...columns.map((column) => sheet.titles[column])].entries()) {
    const cell = make("th", name, place ? "" : "number");
    cell.scope = "col";
    head.append(cell);
  }
  const body = made.createTBody();
  for (const row of shown) {
    const own = problems.filter((one) => one.line === row.row);
    const kind = own.some((one) => one.severity === "error") ? "faulty" : own.length ? "doubtful" : "";
    const line = body.insertRow();
    line.className = kind;
    const number = make("th", String(row.row), "number");
    number.scope = "row";
    line.append(number, ...columns.map((column) => {
      const here = own.filter((one) => one.column === column + 1);
      const mark = here.some((one) => one.severity === "error") ? "wrong" : here.length ? "doubt" : "";
      return make("td", row.cells[column] || "", mark);
    }));
    if (!own.length) continue;
    const told = body.insertRow();
    told.className = `told ${kind}`;
    const cell = told.insertCell();
    cell.colSpan = columns.length + 1;
    const list = make("div", undefined, "beside");
    list.append(...own.map((one) => {
      const value = row.cells[one.column - 1];
      return problem(one, one.column ? `${sheet.titles[one.column - 1] || ""}${value ? `「${value}」` : ""}` : "");
    }));
    cell.append(list);
  }
  return made;
}

function showReport(report) {
  const groups = new Map();
  for (const one of report) {
    const key = `${one.file} ${one.sheet}`;
    groups.set(key, [...(groups.get(key) || []), one]);
  }
  at("report").replaceChildren(...[...groups.values()].map((group) => {
    const [first] = group;
    const open = document.createElement("details");
    const left = group.filter((one) => one.file && one.carried < one.values).length;
    const title = first.file ? `${names[first.file - 1]}：${FORMS[first.form]}，${group.length} 欄，${left} 欄未全數轉入` : "檔案中沒有、由轉換補上者";
    open.append(both(title, first.file ? "" : "Supplied by the conversion", "summary"));
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    for (const [zh, en, className] of [["欄位", "Column"], ["轉入", "Carried", "number"], ["FHIR", "Element"], ["說明", "Why not"]]) {
      const cell = both(zh, en, "th", className);
      cell.scope = "col";
      head.append(cell);
    }
    const body = table.createTBody();
    for (const one of group) {
      const name = make("th", one.header);
      name.scope = "row";
      const to = make("td", undefined, "to");
      to.append(...one.to.map((path) => make("span", path)));
      const counted = one.file ? `${one.carried} / ${one.values}` : String(one.carried);
      body.insertRow().append(name, make("td", counted, "number"), to, one.why ? both(one.why, one.whyEn, "td") : make("td", ""));
    }
    const scroll = make("div", table, "scroll");
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", "欄位對照");
    open.append(scroll);
    return open;
  }));
}

// Signing in

at("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = at("token").value.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) {
    trouble("權杖只含英數字與符號。", "A token has letters, digits and signs only, without spaces.");
    return;
  }
  sessionStorage.setItem(TOKEN, token);
  trouble();
  try {
    const answer = await ask("/records?limit=1");
    if (!answer) return;
    show(true);
    at("files").focus();
  } catch {
    lost();
  }
});
at("leave").addEventListener("click", () => signOut());
at("files").addEventListener("change", () => { add(at("files").files); at("files").value = ""; });
for (const name of ["dragenter", "dragover"]) {
  at("drop").addEventListener(name, (event) => { event.preventDefault(); at("drop").classList.add("over"); });
}
for (const name of ["dragleave", "drop"]) at("drop").addEventListener(name, () => at("drop").classList.remove("over"));
at("drop").addEventListener("drop", (event) => { event.preventDefault(); add(event.dataTransfer.files); });
at("convert").addEventListener("click", convert);
at("send-all").addEventListener("click", sendAll);
at("close").addEventListener("click", () => at("preview").close());
if (sessionStorage.getItem(TOKEN)) show(true);
else at("token").focus();
