/** The members of a terminal in a page that are used; xterm.js has them. */
export interface Screen {
  /** Its width in characters. */
  readonly cols: number;
  /** Its height in lines. */
  readonly rows: number;
  /**
   * Shows text, with its escape sequences.
   *
   * @param text The text.
   */
  write(text: string): void;
  /**
   * Adds a handler that is called with what is typed into the terminal.
   *
   * @param handler What to call.
   * @returns Removes the handler.
   */
  onData(handler: (typed: string) => void): Disposable;
  /**
   * Adds a handler that is called when the size changes.
   *
   * @param handler What to call.
   * @returns Removes the handler.
   */
  onResize(handler: (size: { readonly cols: number; readonly rows: number }) => void): Disposable;
}

/** Something that can be disposed of, such as an added handler. */
export interface Disposable {
  /** Disposes of it. */
  dispose(): void;
}
