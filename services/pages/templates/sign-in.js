// Asks for the page at this very address with the token, and puts what comes in its place. The token is kept nowhere.
"use strict";
const form = document.querySelector("form");
const trouble = document.querySelector("[role=alert]");

function say(text) {
  trouble.textContent = text;
  trouble.hidden = !text;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const headers = { authorization: `Bearer ${form.elements.token.value.trim()}`, accept: "text/html" };
  say("");
  try {
    const answer = await fetch(location.href, { headers, cache: "no-store", redirect: "error" });
    if (answer.ok) {
      const page = await answer.text();
      document.open();
      document.write(page);
      document.close();
    } else if (answer.status === 401 || answer.status === 403) {
      say("權杖不被接受。 This token is not accepted.");
    } else if (answer.status === 404) {
      say(form.dataset.missing);
    } else {
      say(`目前無法顯示（${answer.status}），請稍後再試。 Not available now; try again later.`);
    }
  } catch {
    say("連線失敗，請稍後再試。 No connection; try again later.");
  }
});
