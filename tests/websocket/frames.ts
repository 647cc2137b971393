/** Hand-written client frames. */
import { joinBytes } from "../../src/protocol/bytes.ts";

export interface FrameOptions {
  readonly fin?: boolean;
  readonly reserved?: number;
  readonly masked?: boolean;
  readonly mask?: readonly number[];
  /** The size of the extended length field, if it is not the shortest form. */
  readonly form?: 0 | 2 | 8;
}

/** A client's frame. */
export function frame(
  opcode: number,
  payload: Uint8Array | string = "",
  { fin = true, reserved = 0, masked = true, mask = [1, 2, 3, 254], form }: FrameOptions = {},
): Uint8Array {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const { length } = bytes;
  const written = form ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8);
  const head = [(fin ? 0x80 : 0) | (reserved << 4) | opcode];
  const flag = masked ? 0x80 : 0;
  if (written === 0) head.push(flag | length);
  else if (written === 2) head.push(flag | 126, length >> 8, length & 255);
  else {
    head.push(flag | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (length >>> shift) & 255));
  }
  if (masked) head.push(...mask);
  const whole = new Uint8Array(head.length + length);
  whole.set(head);
  for (let at = 0; at < length; at++) {
    whole[head.length + at] = (bytes[at] ?? 0) ^ (masked ? mask[at & 3] ?? 0 : 0);
  }
  return whole;
}

/** A client's Close frame. */
export function closeFrame(code: number, reason: string | Uint8Array = ""): Uint8Array {
  const words = typeof reason === "string" ? new TextEncoder().encode(reason) : reason;
  return frame(8, Uint8Array.of(code >> 8, code & 255, ...words));
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return joinBytes(parts);
}
