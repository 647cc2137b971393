/** Programs that tests start on a runtime and talk to in lines. */
import { TextLineStream } from "./text_line_stream.ts";
import type { Runtime } from "./runtimes.ts";

/** A running program of the project. Disposing it ends it. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #seen: string[] = [];

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(
      new TextLineStream(),
    ).getReader();
  }

  /** Starts a file, given by its path from the project's root. */
  static start(
    runtime: Runtime,
    file: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
    cwd: URL | undefined = undefined,
  ): Program {
    const { built } = runtime;
    const root = built ?? new URL("../../", import.meta.url);
    const name = built === undefined ? file : file.replace(/\.ts$/, ".js");
    const path = cwd === undefined ? name : decodeURIComponent(new URL(name, root).pathname);
    const command = new Deno.Command(runtime.path, {
      args: [...runtime.args, path, ...args],
      cwd: cwd ?? root,
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    });
    return new Program(command.spawn());
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves when the program ends. */
  get status(): Promise<Deno.CommandStatus> {
    return this.#child.status;
  }

  /** The next line that it prints; throws if it ends instead. */
  async line(): Promise<string> {
    const { done, value } = await this.#lines.read();
    if (done) throw new Error(`The program ended; it had printed:\n${this.#seen.join("\n")}`);
    this.#seen.push(value);
    return value;
  }

  /** Reads lines up to the first that matches, and returns the match. */
  async match(pattern: RegExp): Promise<RegExpExecArray> {
    while (true) {
      const match = pattern.exec(await this.line());
      if (match !== null) return match;
    }
  }

  /** Writes a line to its standard input. */
  async write(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(line + "\n"));
  }

  /** Sends it a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // already ended
    }
    await this.#child.status;
    await this.#lines.cancel();
  }
}
