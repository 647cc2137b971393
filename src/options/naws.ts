import type { OptionState, TelnetOption } from "./option.ts";

/** Code of the option NAWS, negotiate about window size (RFC 1073). */
export const NAWS = 0x1f;

/** The largest width and height that the server accepts; larger values are reduced to it. */
export const MAX_WINDOW_SIZE = 1_000;

/** The size of a window in characters. 0 means that the peer does not know. */
export interface WindowSize {
  /** Width in characters, 0 to 65535. */
  readonly columns: number;
  /** Height in lines, 0 to 65535. */
  readonly rows: number;
}

/**
 * Reads the payload of a NAWS subnegotiation: two unsigned 16-bit numbers, high byte first.
 *
 * @param payload The bytes between `IAC SB NAWS` and `IAC SE`, unescaped.
 * @returns The size, or `undefined` if the payload is not four bytes long.
 *
 * @example
 * ```ts
 * import { decodeNaws } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(decodeNaws(Uint8Array.of(0, 140, 0, 50)), { columns: 140, rows: 50 });
 * assertEquals(decodeNaws(Uint8Array.of(0, 140)), undefined);
 * ```
 */
export function decodeNaws(payload: Uint8Array): WindowSize | undefined {
  const [columnsHigh, columnsLow, rowsHigh, rowsLow, ...rest] = payload.subarray(0, 5);
  if (columnsHigh === undefined || columnsLow === undefined) return undefined;
  if (rowsHigh === undefined || rowsLow === undefined || rest.length > 0) return undefined;
  return { columns: columnsHigh * 256 + columnsLow, rows: rowsHigh * 256 + rowsLow };
}

/**
 * Writes the payload of a NAWS subnegotiation; `TelnetMachine` escapes 0xFF in it.
 *
 * @param size The size; each number is cut to the range 0 to 65535.
 * @returns Four bytes.
 *
 * @example
 * ```ts
 * import { encodeNaws } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([...encodeNaws({ columns: 80, rows: 24 })], [0, 80, 0, 24]);
 * ```
 */
export function encodeNaws(size: WindowSize): Uint8Array {
  const columns = cut(size.columns);
  const rows = cut(size.rows);
  return Uint8Array.of(columns >> 8, columns & 0xff, rows >> 8, rows & 0xff);
}

/** The events that NAWS reports to the game. */
export interface NawsEvents {
  /** The client has reported the size of its window. */
  resize: WindowSize;
}

/**
 * NAWS as the server uses it: 0 keeps the previous value, and sizes that are too large are reduced.
 */
export const naws: TelnetOption<true, OptionState, NawsEvents> = {
  code: NAWS,
  name: "NAWS",
  events: ["resize"],
  agreeRemote: true,
  offer: "remote",
  attach: (context) => {
    let reported = false;
    return {
      subnegotiation(payload) {
        const size = decodeNaws(payload);
        if (size === undefined) return;
        const { facts, facts: { columns, rows } } = context;
        if (size.columns > 0) facts.columns = Math.min(size.columns, MAX_WINDOW_SIZE);
        if (size.rows > 0) facts.rows = Math.min(size.rows, MAX_WINDOW_SIZE);
        const same = reported && facts.columns === columns && facts.rows === rows;
        reported = true;
        if (!same) context.emit("resize", { columns: facts.columns, rows: facts.rows });
      },
      snapshot: () => reported,
      restore: (saved) => void (reported = saved === true),
    };
  },
};

function cut(value: number): number {
  return Math.max(0, Math.min(0xffff, Math.trunc(value) || 0));
}

/** The client's NAWS, which can send a changed size. */
export interface NawsClientState extends OptionState {
  /** Sends the window size in the facts, if NAWS is enabled. */
  update(): void;
}

/** NAWS as the client uses it: sends the size when asked to, and when it changes. */
export const nawsClient: TelnetOption<true, NawsClientState> = {
  code: NAWS,
  name: "NAWS",
  agreeLocal: true,
  attach: (context) => {
    const update = () => {
      if (context.localEnabled(NAWS)) context.sendSubnegotiation(NAWS, encodeNaws(context.facts));
    };
    return {
      update,
      changed(side, change) {
        if (side === "local" && change === "enabled") update();
      },
    };
  },
};
