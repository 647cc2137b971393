/**
 * The contenders that are measured on the corpora: the state machine, control rows, and another
 * library.
 */
import { createRequire } from "node:module";
import { type TelnetHandler, TelnetMachine } from "../src/protocol/mod.ts";

/** Processes connections, each cut into chunks; returns a sum that depends on all the work. */
export type Contender = (connections: readonly (readonly Uint8Array[])[]) => number;

/** The work of a server for each chunk: handles the events, and takes the output. */
export function miniboa(connections: readonly (readonly Uint8Array[])[]): number {
  let sum = 0;
  const handler: TelnetHandler = {
    data: (_buffer, start, end) => void (sum += end - start),
    command() {},
    option() {},
    subnegotiation: (_option, _buffer, start, end) => void (sum += end - start),
    violation() {},
  };
  for (const chunks of connections) {
    const telnet = new TelnetMachine({ local: [1, 3], remote: [0, 24, 31] });
    for (const chunk of chunks) {
      telnet.receiveTo(handler, chunk);
      sum += telnet.takeOutput().length;
    }
  }
  return sum;
}

/** The same with event objects. */
export function miniboaEvents(connections: readonly (readonly Uint8Array[])[]): number {
  let sum = 0;
  for (const chunks of connections) {
    const telnet = new TelnetMachine({ local: [1, 3], remote: [0, 24, 31] });
    for (const chunk of chunks) {
      telnet.receive(chunk);
      for (const event of telnet.takeEvents()) {
        if (event.type === "data" || event.type === "subnegotiation") {
          sum += event.end - event.start;
        }
      }
      sum += telnet.takeOutput().length;
    }
  }
  return sum;
}

/** Control: only finds IAC with `indexOf`, and cuts there. */
export function scan(connections: readonly (readonly Uint8Array[])[]): number {
  let sum = 0;
  for (const chunks of connections) {
    for (const chunk of chunks) {
      let start = 0;
      for (let at = chunk.indexOf(255); at !== -1; at = chunk.indexOf(255, start)) {
        sum += chunk.subarray(start, at).length;
        start = at + 1;
      }
      sum += chunk.subarray(start).length;
    }
  }
  return sum;
}

/** Control: only reads every byte, and follows the framing of RFC 854 and 855. */
export function byteLoop(connections: readonly (readonly Uint8Array[])[]): number {
  let data = 0;
  let frames = 0;
  for (const chunks of connections) {
    let state = 0;
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at++) {
        const byte = chunk[at] ?? 0;
        if (state === 0) {
          if (byte === 255) state = 1;
          else data++;
        } else if (state === 1) {
          if (byte === 250) state = 3;
          else if (byte > 250 && byte < 255) state = 2;
          else state = 0;
        } else if (state === 2) {
          frames++;
          state = 0;
        } else if (state === 3) {
          if (byte === 255) state = 4;
        } else {
          frames++;
          state = byte === 240 ? 0 : 3;
        }
      }
    }
  }
  return data + frames;
}

interface TelnetInput {
  on(event: string, listener: (...values: never[]) => void): void;
  write(chunk: Uint8Array): void;
  end(): void;
}

/**
 * The npm package telnet-stream, which answers no negotiation.
 *
 * @param folder The folder in which it is installed.
 */
export function telnetStream(folder: string): Contender {
  const { TelnetInput } = createRequire(`${folder}/`)("telnet-stream") as {
    TelnetInput: new () => TelnetInput;
  };
  return (connections) => {
    let sum = 0;
    for (const chunks of connections) {
      const input = new TelnetInput();
      input.on("data", (data: Uint8Array) => sum += data.length);
      input.on("sub", (_option: number, data: Uint8Array) => sum += data.length);
      for (const verb of ["do", "dont", "will", "wont"]) input.on(verb, () => sum++);
      for (const chunk of chunks) input.write(chunk);
    }
    return sum;
  };
}
