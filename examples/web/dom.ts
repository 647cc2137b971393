/// <reference lib="dom" />
/** Access to the elements of the page, and to the settings that the browser keeps. */

/** Finds an element of index.html. */
export function element<Kind extends HTMLElement>(id: string): Kind {
  return document.getElementById(id) as Kind;
}

/** Reads a setting that was kept: the font, the theme or the sound. */
export function readSetting(name: string): string | undefined {
  try {
    return localStorage.getItem(`boaville.${name}`) ?? undefined;
  } catch {
    return undefined; // the browser does not allow storage
  }
}

/** Keeps a setting for the next visit. */
export function keepSetting(name: string, value: string): void {
  try {
    localStorage.setItem(`boaville.${name}`, value);
  } catch {
    // The browser does not allow storage; the setting is lost with the page.
  }
}
