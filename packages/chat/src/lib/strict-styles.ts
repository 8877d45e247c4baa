/**
 * Lets xterm.js style itself under the page's policy, which forbids style elements and style attributes to everybody, and
 * allows the same rules where they are given to the browser as objects. While it is in force, a style element that is made
 * is an inert one whose text becomes a style sheet, and the style attribute that is set on a span becomes that span's style.
 * It stands in the document's own place, since xterm.js asks the document for elements by more ways than it can be given one.
 */
let users = 0;

/** In force until what it answers is called. */
export function allowStyles(): () => void {
  const sheets = new Map<HTMLElement, CSSStyleSheet>();
  const observer = new MutationObserver((changes) => {
    for (const element of new Set(changes.map(({ target }) => target as HTMLElement))) adopt(sheets, element);
  });
  const make = Document.prototype.createElement.bind(document);
  const createElement = (name: string, options?: ElementCreationOptions): HTMLElement => {
    if (name === "span") return withStyleAttribute(make(name, options));
    if (name !== "style") return make(name, options);
    const inert = make("div");
    inert.hidden = true;
    observer.observe(inert, { childList: true });
    return inert;
  };
  users += 1;
  document.createElement = createElement as typeof document.createElement;
  return () => {
    users -= 1;
    // The prototype's own is what is left.
    if (users === 0) Reflect.deleteProperty(document, "createElement");
    observer.disconnect();
    const own = new Set(sheets.values());
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => !own.has(sheet));
  };
}

function adopt(sheets: Map<HTMLElement, CSSStyleSheet>, element: HTMLElement): void {
  const known = sheets.get(element);
  const sheet = known ?? new CSSStyleSheet();
  sheet.replaceSync(element.textContent);
  if (known) return;
  sheets.set(element, sheet);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

function withStyleAttribute(span: HTMLElement): HTMLElement {
  const set = span.setAttribute.bind(span);
  span.setAttribute = (name, value) => {
    if (name === "style") span.style.cssText = value;
    else set(name, value);
  };
  return span;
}
