/** Runs real clients in tmux, in a terminal: keys in, screen out. */
import { PATIENCE_MS } from "../patience.ts";

const LOOK_MS = 30;
const AGAIN_MS = 5_000;

/** Whether a program is installed. */
export async function installed(program: string): Promise<boolean> {
  if (program.startsWith("/")) return await Deno.stat(program).then(() => true, () => false);
  const which = new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" });
  return Deno.build.os !== "windows" && (await which.output()).success;
}

/** A terminal with a program. Disposing it ends the program. */
export class Screen implements AsyncDisposable {
  readonly #server: string;

  private constructor(server: string) {
    this.#server = server;
  }

  /** Starts a command line in a new terminal. */
  static async open(
    command: string,
    { columns, rows }: { columns: number; rows: number } = { columns: 80, rows: 24 },
  ): Promise<Screen> {
    const screen = new Screen(`miniboa-${crypto.randomUUID()}`);
    const size = ["-x", String(columns), "-y", String(rows)];
    await screen.#tmux("new-session", "-d", "-s", "s", ...size, command);
    await screen.#tmux("set-option", "-g", "remain-on-exit", "on");
    return screen;
  }

  /** Types text. */
  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-t", "s", "-l", text);
  }

  /** Presses a key by its tmux name, such as Enter. */
  async press(key: string): Promise<void> {
    await this.#tmux("send-keys", "-t", "s", key);
  }

  /** Pastes text, as a bracketed paste if the program has enabled that. */
  async paste(text: string): Promise<void> {
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, text);
    await this.#tmux("load-buffer", file);
    await this.#tmux("paste-buffer", "-p", "-t", "s");
    await Deno.remove(file);
  }

  /** Resizes the window. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-t", "s", "-x", String(columns), "-y", String(rows));
  }

  /** The cursor's column. */
  async cursor(): Promise<number> {
    const column = await this.#tmux("display-message", "-p", "-t", "s", "#{cursor_x}");
    return Number(column);
  }

  /** Types a line. */
  async enter(line: string): Promise<void> {
    await this.type(line);
    await this.press("Enter");
  }

  /** The rows of the screen that are not empty. */
  async lines(): Promise<string[]> {
    const shown = await this.#tmux("capture-pane", "-p", "-t", "s");
    return shown.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "");
  }

  /** Waits until the screen matches, and returns its lines. */
  async shows(pattern: RegExp): Promise<string[]> {
    return await this.repeats(() => Promise.resolve(), pattern);
  }

  /** Runs an action every few seconds until the screen matches. */
  async repeats(action: () => Promise<void>, pattern: RegExp): Promise<string[]> {
    const deadline = performance.now() + PATIENCE_MS;
    let nextTry = performance.now();
    while (true) {
      if (performance.now() >= nextTry) {
        await action();
        nextTry = performance.now() + AGAIN_MS;
      }
      const lines = await this.lines();
      if (pattern.test(lines.join("\n"))) return lines;
      if (performance.now() > deadline) {
        throw new Error(`The screen never showed ${pattern}:\n${lines.join("\n")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server");
  }

  async #tmux(...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command("tmux", {
      args: ["-L", this.#server, "-f", "/dev/null", "-u", ...args],
      env: { LC_ALL: "C.UTF-8", TERM: "xterm-256color", SHELL: "/bin/sh" },
    }).output();
    const text = new TextDecoder();
    if (!success) throw new Error(`tmux ${args.join(" ")}: ${text.decode(stderr)}`);
    return text.decode(stdout);
  }
}
