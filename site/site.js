/** What a page of the documentation does: search, dark and light, the menu of a phone, copying of code. */

const up = document.querySelector("script[data-up]").dataset.up;
const input = document.querySelector("#search input");
const list = document.querySelector("#found");
const theme = document.querySelector("#theme");
const menu = document.querySelector("#menu");
const MAX_FOUND = 12;
const AROUND = 60;

let index;

/** The index, asked for once; a failure is not kept. */
function loadIndex() {
  return index ??= fetch(`${up}search.json`).then((response) => response.json()).catch((error) => {
    index = undefined;
    throw error;
  });
}

/** Shows what is found for the words that stand there when the index has come. */
async function search() {
  const parts = input.value.trim() === "" ? [] : await loadIndex();
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  list.hidden = words.length === 0;
  const scored = [];
  for (const part of parts) {
    const [title, text] = [part.title.toLowerCase(), part.text.toLowerCase()];
    if (!words.every((word) => title.includes(word) || text.includes(word))) continue;
    const score = words.reduce((sum, word) => sum + (title.includes(word) ? 10 : 1), 0);
    scored.push({ part, score });
  }
  scored.sort((one, other) => other.score - one.score);
  const items = scored.slice(0, MAX_FOUND).map(({ part }) => itemOf(part, words));
  if (items.length === 0) {
    const none = document.createElement("li");
    none.textContent = "Nothing found.";
    items.push(none);
  }
  list.replaceChildren(...items);
}

function itemOf({ url, title, text }, words) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = up + url;
  link.append(title);
  const line = document.createElement("span");
  const at = Math.max(0, ...words.map((word) => text.toLowerCase().indexOf(word)));
  const [start, end] = [Math.max(0, at - AROUND), at + AROUND];
  const found = words.find((word) => text.toLowerCase().startsWith(word, at)) ?? "";
  const mark = document.createElement("mark");
  mark.textContent = text.slice(at, at + found.length);
  line.append(text.slice(start, at), mark, text.slice(at + found.length, end));
  link.append(line);
  item.append(link);
  return item;
}

input.addEventListener("input", search);
document.querySelector("#search").addEventListener("submit", (event) => {
  event.preventDefault();
  search().then(() => list.querySelector("a")?.click());
});
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA)$/.test(document.activeElement?.tagName);
  if (event.key === "/" && !typing) {
    event.preventDefault();
    input.focus();
  } else if (event.key === "Escape") {
    list.hidden = true;
    input.blur();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (list.hidden || links.length === 0 || (at === -1 && document.activeElement !== input)) {
      return;
    }
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    (links[next] ?? input).focus();
  }
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("#search")) list.hidden = true;
});

const isDark = () => {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};
const showTheme = () => theme.textContent = isDark() ? "Light" : "Dark";
theme.addEventListener("click", () => {
  const next = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("theme", next);
  showTheme();
});
showTheme();

menu.addEventListener("click", () => {
  const open = document.querySelector("#pages").classList.toggle("open");
  menu.setAttribute("aria-expanded", open);
});

for (const block of document.querySelectorAll("main pre")) {
  const button = document.createElement("button");
  button.className = "copy";
  button.type = "button";
  button.textContent = "Copy";
  const { textContent } = block;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(textContent);
    button.textContent = "Copied";
  });
  block.prepend(button);
}
