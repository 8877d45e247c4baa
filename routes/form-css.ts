/** The style of the pages with a form. */
export const FORM_CSS = `.card { display: grid; gap: .3rem; margin: 1.25rem 0; padding: 1.25rem; border: 1px solid var(--line); border-radius: 12px; background: var(--sunken); }
.card label { margin-top: .7rem; font-weight: 500; }
.card label:first-of-type { margin-top: 0; }
.card input { width: 100%; padding: .55rem .7rem; border: 1px solid var(--line); border-radius: 8px; background: var(--bg); color: inherit; font: inherit; }
.card input[readonly] { background: none; color: var(--soft); }
.card button, a.button { justify-self: start; margin-top: 1rem; padding: .55rem 1.1rem; border: 1px solid var(--accent); border-radius: 8px; background: var(--accent); color: var(--bg); font: inherit; font-weight: 500; cursor: pointer; }
.card button:only-child { margin-top: 0; }
.card button:hover { opacity: .9; }
.outsides { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1rem 0; }
a.outside { flex: 1 1 12rem; margin: 0; text-align: center; background: none; color: var(--accent); text-decoration: none; }
a.outside:hover { background: var(--sunken); }
.mark { display: inline-block; margin-bottom: 1rem; }
.mark rect { fill: var(--accent); }
.mark .hull { fill: var(--bg); }
.mark .sail { fill: none; stroke: var(--bg); stroke-width: 2.2; stroke-linejoin: round; stroke-linecap: round; }
.row { display: flex; flex-wrap: wrap; gap: .6rem; }
.row button { margin: 0; }
.card .lesser { background: none; color: var(--accent); }
.row > .lesser { padding: .55rem 1.1rem; border: 1px solid var(--accent); border-radius: 8px; background: none; color: var(--accent); font: inherit; font-weight: 500; cursor: pointer; }
.code { padding: .8rem; border: 1px dashed var(--line); border-radius: 8px; font: 600 1.5rem/1.4 var(--mono); letter-spacing: .12em; text-align: center; }
.alert { padding: .7rem .9rem; border: 1px solid var(--delete); border-radius: 8px; color: var(--delete); }
.note { color: var(--soft); font-size: .93em; }
@media (max-width: 46rem) {
  main:not(.wide) { margin-top: 8vh; }
  .card button { justify-self: stretch; flex: 1 1 100%; }
}
`;
