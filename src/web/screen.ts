/** What is used of a terminal in a page; xterm.js fits. */
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
   * Has the handler called with what is typed into it.
   *
   * @param handler What to call.
   * @returns Ends that.
   */
  onData(handler: (typed: string) => void): Disposable;
  /**
   * Has the handler called when its size changes.
   *
   * @param handler What to call.
   * @returns Ends that.
   */
  onResize(handler: (size: { readonly cols: number; readonly rows: number }) => void): Disposable;
}

/** Something that can be ended. */
export interface Disposable {
  /** Ends it. */
  dispose(): void;
}
