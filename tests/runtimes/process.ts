/** Programs that the tests start on a runtime and talk to by lines. */
import { TextLineStream } from "./text_line_stream.ts";
import type { Runtime } from "./runtimes.ts";

/** A program of the project that runs. Dispose it, and it ends. */
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

  /** Starts a file of the project, named from its root. */
  static start(
    runtime: Runtime,
    file: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Program {
    const { built } = runtime;
    const name = built === undefined ? file : file.replace(/\.ts$/, ".js");
    const command = new Deno.Command(runtime.path, {
      args: [...runtime.args, name, ...args],
      cwd: built ?? new URL("../../", import.meta.url),
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

  /** Ends when the program does. */
  get status(): Promise<Deno.CommandStatus> {
    return this.#child.status;
  }

  /** The next line that it prints; throws where it ended instead. */
  async line(): Promise<string> {
    const { done, value } = await this.#lines.read();
    if (done) throw new Error(`The program ended; it had printed:\n${this.#seen.join("\n")}`);
    this.#seen.push(value);
    return value;
  }

  /** The first line from here on that matches, as the match. */
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
      // it has ended by itself
    }
    await this.#child.status;
    await this.#lines.cancel();
  }
}
