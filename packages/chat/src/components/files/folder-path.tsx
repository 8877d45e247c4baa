/** Where one is, each folder on the way a button. */
import css from "./files-dialog.module.css";

export function FolderPath({ path, onOpen }: { readonly path: string; readonly onOpen: (path: string) => void }) {
  const names = path === "" ? [] : path.split("/");
  return (
    <nav className={css.path} aria-label="Folder">
      <button type="button" onClick={() => onOpen("")} aria-current={names.length === 0 ? "location" : undefined}>
        Work folder
      </button>
      {names.map((name, at) => {
        const here = names.slice(0, at + 1).join("/");
        const isLast = at === names.length - 1;
        return (
          <span key={here}>
            {" / "}
            {isLast ? (
              <span aria-current="location">{name}</span>
            ) : (
              <button type="button" onClick={() => onOpen(here)}>
                {name}
              </button>
            )}
          </span>
        );
      })}
    </nav>
  );
}
