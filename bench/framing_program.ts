/**
 * The frames of RFC 6455 without any I/O: unmasking input, and framing output. Prints MB/s of this
 * runtime as JSON, with control rows: a loop that unmasks byte by byte, and one that copies.
 */
import { WebSocketMachine } from "../src/websocket/machine.ts";

const TOTAL = 64 * 1024 * 1024;
const SIZES = [32, 1024, 65_536];
const rows: Record<string, number> = {};

for (const size of SIZES) {
  const frame = maskedFrame(size);
  const frames = Math.max(1, Math.floor(65_536 / frame.length));
  const chunk = new Uint8Array(frame.length * frames);
  const payload = new Uint8Array(size).fill(120);
  const rounds = Math.ceil(TOTAL / (size * frames));
  const machine = new WebSocketMachine();
  for (let warm = 0; warm < 2; warm++) {
    rows[`unmask ${size}`] = measure(rounds, size * frames, () => {
      for (let at = 0; at < frames; at++) chunk.set(frame, at * frame.length);
      machine.receive(chunk);
      machine.takeEvents();
    });
    rows[`frame ${size}`] = measure(rounds, size * frames, () => {
      for (let at = 0; at < frames; at++) machine.send(payload);
      machine.takeOutput();
    });
    rows[`byte loop ${size}`] = measure(rounds, size * frames, () => {
      for (let at = 0; at < frames; at++) chunk.set(frame, at * frame.length);
      for (let at = 0; at < chunk.length; at++) chunk[at] = (chunk[at] ?? 0) ^ (at & 3);
    });
    rows[`copy ${size}`] = measure(rounds, size * frames, () => {
      for (let at = 0; at < frames; at++) chunk.set(payload, at * frame.length);
    });
  }
}
console.log(JSON.stringify(rows));

function measure(rounds: number, bytes: number, run: () => void): number {
  const start = performance.now();
  for (let round = 0; round < rounds; round++) run();
  return rounds * bytes / 1e3 / (performance.now() - start);
}

function maskedFrame(size: number): Uint8Array {
  const head = size < 126
    ? [0x82, 0x80 | size]
    : size < 65_536
    ? [0x82, 0xfe, size >> 8, size & 0xff]
    : [0x82, 0xff, 0, 0, 0, 0, size >>> 24, (size >> 16) & 0xff, (size >> 8) & 0xff, size & 0xff];
  const mask = [0x37, 0xfa, 0x21, 0x3d];
  const frame = new Uint8Array(head.length + 4 + size);
  frame.set([...head, ...mask]);
  for (let at = 0; at < size; at++) frame[head.length + 4 + at] = 120 ^ (mask[at & 3] ?? 0);
  return frame;
}
