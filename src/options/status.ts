import { checkByte, checkBytes } from "../protocol/validate.ts";
import { DO, SB, SE, WILL } from "../protocol/codes.ts";
import type { TelnetOption } from "./option.ts";
import { IS, SEND } from "./_is_send.ts";

/**
 * Code of the option STATUS (RFC 859): each end can ask which options the other believes are on.
 */
export const STATUS = 0x05;

/** The content of a STATUS IS. */
export interface StatusReport {
  /** Options that the sender performs. */
  readonly will: readonly number[];
  /** Options that the other end performs, or that the sender wants it to perform. */
  readonly do: readonly number[];
  /** Results of subnegotiations, as their payloads. */
  readonly facts: readonly { readonly option: number; readonly payload: Uint8Array }[];
}

/** A STATUS message. */
export type StatusMessage = { readonly type: "send" } | {
  readonly type: "is";
  readonly report: StatusReport;
};

/**
 * Reads a STATUS payload.
 *
 * @param payload The bytes between `IAC SB STATUS` and `IAC SE`, unescaped.
 * @returns The message, or `undefined` if it is not a message of RFC 859.
 *
 * @example
 * ```ts
 * import { decodeStatus, encodeStatusIs } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * // SE is doubled within a report, as RFC 859 requires; the machine escapes IAC.
 * const report = { will: [1], do: [31], facts: [{ option: 31, payload: Uint8Array.of(0xf0) }] };
 * assertEquals([...encodeStatusIs(report)], [0, 0xfb, 1, 0xfd, 31, 0xfa, 31, 0xf0, 0xf0, 0xf0]);
 * assertEquals(decodeStatus(encodeStatusIs(report)), { type: "is", report });
 * ```
 */
export function decodeStatus(payload: Uint8Array): StatusMessage | undefined {
  if (payload[0] === SEND) return { type: "send" };
  return payload[0] === IS ? { type: "is", report: readReport(payload) } : undefined;
}

/**
 * Writes the request, SEND.
 *
 * @returns One byte.
 */
export function encodeStatusSend(): Uint8Array {
  return Uint8Array.of(SEND);
}

/**
 * Writes a report. An SE in it is doubled.
 *
 * @param report The options that are on.
 * @returns The payload.
 * @throws {TelnetError} `misuse`: an option that is not a byte, or a payload that is not bytes.
 */
export function encodeStatusIs(report: StatusReport): Uint8Array {
  const { facts } = report;
  for (const option of [...report.will, ...report.do, ...facts.map((fact) => fact.option)]) {
    checkByte("an option of the report", option);
  }
  for (const { payload } of facts) checkBytes("a payload of the report", payload);
  const doubled = (byte: number) => byte === SE ? [SE, SE] : [byte];
  return Uint8Array.from([
    IS,
    ...report.will.flatMap((option) => [WILL, ...doubled(option)]),
    ...report.do.flatMap((option) => [DO, ...doubled(option)]),
    ...report.facts.flatMap(({ option, payload }) => [
      SB,
      ...doubled(option),
      ...Array.from(payload).flatMap(doubled),
      SE,
    ]),
  ]);
}

function readReport(payload: Uint8Array): StatusReport {
  const report = {
    will: [] as number[],
    do: [] as number[],
    facts: [] as { option: number; payload: Uint8Array }[],
  };
  let at = 1;
  const next = () => {
    const byte = payload[at++] ?? SE;
    if (byte === SE && payload[at] === SE) at++;
    return byte;
  };
  while (at < payload.length) {
    const kind = payload[at++];
    if (kind === WILL && at < payload.length) report.will.push(next());
    else if (kind === DO && at < payload.length) report.do.push(next());
    else if (kind === SB) {
      const option = next();
      const bytes: number[] = [];
      while (at < payload.length && !(payload[at] === SE && payload[at + 1] !== SE)) {
        bytes.push(next());
      }
      at++;
      report.facts.push({ option, payload: Uint8Array.from(bytes) });
    }
  }
  return report;
}

/** STATUS at either end: sends a report when the other end asks. */
export const status: TelnetOption<true> = {
  code: STATUS,
  name: "STATUS",
  agreeLocal: true,
  attach: (context) => ({
    subnegotiation(payload) {
      // Only the end that performs STATUS reports it (RFC 859).
      if (!context.localEnabled(STATUS) || decodeStatus(payload)?.type !== "send") return;
      const report = { will: context.inForce("local"), do: context.inForce("remote"), facts: [] };
      context.sendSubnegotiation(STATUS, encodeStatusIs(report));
    },
  }),
};
