/* The editor's document as Markdown, for those who go on by hand. What Markdown cannot say is said in HTML,
   which Markdown allows: nothing is dropped on the way. */

const MARKS = ["link", "bold", "italic", "strike", "underline", "subscript", "superscript", "code"];
const SIGNS = { bold: "**", italic: "*", strike: "~~" };
const TAGS = { bold: "strong", italic: "em", strike: "s", underline: "u", subscript: "sub", superscript: "sup" };
const WORD = /[\p{L}\p{N}]/u;

export function toMarkdown(doc) {
  return blocks(doc.content ?? []) + "\n";
}

function blocks(nodes, { tight = false } = {}) {
  const parts = [];
  let previous = null;
  for (const node of nodes) {
    /* Two lists of one kind in a row would become one: the second takes the other sign. */
    const other = previous?.type === node.type && !previous.other;
    const text = block(node, other);
    if (text === "") continue;
    parts.push(text);
    previous = { type: node.type, other };
  }
  return parts.join(tight ? "\n" : "\n\n");
}

function block(node, other) {
  const children = node.content ?? [];
  switch (node.type) {
    case "heading":
      return `${"#".repeat(node.attrs.level - 2)} ${inline(children).replace(/\\\n/g, "<br>").replace(/(#+)$/, "\\$1")}`;
    case "blockquote":
      return prefix(blocks(children), "> ", "> ");
    case "bulletList":
      return list(children, () => (other ? "* " : "- "));
    case "orderedList":
      return list(children, (index) => `${(node.attrs.start ?? 1) + index}${other ? ")" : "."} `);
    case "codeBlock":
      return fence(text(children), node.attrs?.language ?? "");
    case "horizontalRule":
      return "***";
    case "table":
      return table(children);
    default:
      return lines(inline(children));
  }
}

function list(items, sign) {
  const tight = items.every(({ content = [] }) => content.filter(({ type }) => type === "paragraph").length <= 1);
  const made = items.map(({ content = [] }, index) => {
    const first = sign(index);
    return prefix(blocks(content, { tight }), first, " ".repeat(first.length)).trimEnd();
  });
  return made.join(tight ? "\n" : "\n\n");
}

function prefix(body, first, rest) {
  const put = (line, index) => (index ? rest + line : first + line);
  return body.split("\n").map((line, index) => (line ? put(line, index) : put(line, index).trimEnd())).join("\n");
}

function fence(code, language) {
  const longest = Math.max(2, ...(code.match(/`+/g) ?? []).map((run) => run.length));
  const marks = "`".repeat(longest + 1);
  return `${marks}${language}\n${code.replace(/\n$/, "")}\n${marks}`;
}

function table(rows) {
  const cells = rows.map(({ content = [] }) => content.map(cell));
  const width = Math.max(...cells.map((row) => row.length));
  if (!width) return "";
  /* Markdown knows no table without a head: the first row becomes it. */
  const [head, ...body] = cells;
  const row = (values) => `| ${Array.from({ length: width }, (_none, index) => values[index] ?? "").join(" | ")} |`;
  return [row(head), `|${" --- |".repeat(width)}`, ...body.map(row)].join("\n");
}

/* A cell is one line: its paragraphs, and whatever else stands in it, are put behind one another. */
function cell({ content = [] }) {
  const flat = (node) => (node.type === "paragraph" ? inline(node.content ?? []) : (node.content ?? []).map(flat).join("<br>") || escape(node.text ?? ""));
  return content.map(flat).join("<br>").replace(/\\\n/g, "<br>").replace(/\n/g, " ").replace(/\|/g, "\\|");
}

function text(nodes) {
  return nodes.map((node) => node.text ?? "\n").join("");
}

/* What would be read as a block at the beginning of a line, or as a table or an underline below one. */
function lines(paragraph) {
  return paragraph
    .split("\n")
    .map((line) =>
      line
        .replace(/^[ \t]+/, "")
        .replace(/^([#>+=|-]|~{3})/, "\\$1")
        .replace(/^(\d{1,9})([.)])(?=\s|$)/, "$1\\$2")
        .replace(/^:(?=[-|: ]*$)/, "\\:"),
    )
    .join("\n")
    .trimEnd();
}

/* --- inside a line ------------------------------------------------------------------------------------------- */

function inline(nodes, open = [], before = "", after = "") {
  let out = "";
  let index = 0;
  while (index < nodes.length) {
    const mark = nextMark(nodes[index], open);
    let end = index + 1;
    if (mark) while (end < nodes.length && same(nextMark(nodes[end], open), mark)) end += 1;
    const run = nodes.slice(index, end);
    const left = out.at(-1) ?? before;
    const right = end < nodes.length ? (nodes[end].text?.[0] ?? "\n") : after;
    if (mark?.type === "link") out = out.replace(/!$/, "\\!");
    out += mark ? wrap(mark, run, [...open, mark.type], left, right) : leaf(run[0]);
    index = end;
  }
  return out;
}

function nextMark(node, open) {
  return MARKS.map((type) => node.marks?.find((mark) => mark.type === type)).find((mark) => mark && !open.includes(mark.type));
}

function same(one, two) {
  return one?.type === two?.type && one?.attrs?.href === two?.attrs?.href && one?.attrs?.title === two?.attrs?.title;
}

function leaf(node) {
  if (node.type === "picture") return `![${escape(node.attrs.alt ?? "").replace(/\n/g, " ")}](${node.attrs.src})`;
  return node.type === "hardBreak" ? "\\\n" : escape(node.text ?? "");
}

function wrap(mark, run, open, left, right) {
  if (mark.type === "code") return code(text(run));
  const inner = inline(run, open, left, right);
  if (mark.type === "link") return link(mark.attrs, inner);
  const sign = SIGNS[mark.type];
  const plain = sign && WORD.test(inner[0]) && WORD.test(inner.at(-1)) && !WORD.test(left) && !WORD.test(right);
  /* Signs are only safe between words; elsewhere their meaning depends on the neighbours. */
  if (plain && !"*~".includes(left || " ") && !"*~".includes(right || " ")) return sign + inner + sign;
  return `<${TAGS[mark.type]}>${inner}</${TAGS[mark.type]}>`;
}

function code(content) {
  const runs = (content.match(/`+/g) ?? []).map((run) => run.length);
  let length = 1;
  while (runs.includes(length)) length += 1;
  const marks = "`".repeat(length);
  const pad = /^`|`$|^ .* $/.test(content) ? " " : "";
  return marks + pad + content.replace(/\n/g, " ") + pad + marks;
}

function link({ href = "", title }, inner) {
  const address = href.replace(/[<>\n]/g, encodeURIComponent);
  const safe = /[\s()\\]/.test(address) || !address ? `<${address.replace(/\\/g, "\\\\")}>` : address;
  return `[${inner}](${safe}${title ? ` "${title.replace(/["\\]/g, "\\$&")}"` : ""})`;
}

function escape(words) {
  return words
    .replace(/[\\`*[\]]/g, "\\$&")
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\_")
    .replace(/~(?=~)|(?<=~)~/g, "\\~")
    .replace(/<(?=[a-z/!?])/gi, "\\<")
    .replace(/&(?=[a-z0-9#]+;)/gi, "\\&")
    .replace(/\u00a0/g, "&nbsp;");
}
