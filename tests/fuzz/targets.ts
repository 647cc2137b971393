/**
 * The fuzzing targets, each with its invariant. The tests run them on the corpus, `deno task fuzz`
 * on inputs that a coverage-guided fuzzer generates.
 */
import {
  ATCP,
  CHARSET,
  decodeAardwolf,
  decodeAtcp,
  decodeCharset,
  decodeEnviron,
  decodeFlowControl,
  decodeGmcp,
  decodeLinemode,
  decodeMsdp,
  decodeMssp,
  decodeMtts,
  decodeNaws,
  decodeSendLocation,
  decodeStatus,
  decodeTerminalSpeed,
  decodeTerminalType,
  decodeXDisplayLocation,
  decodeZmp,
  ECHO,
  GMCP,
  LINEMODE,
  NAWS,
  SGA,
  TTYPE,
} from "../../src/options/mod.ts";
import { TelnetMachine } from "../../src/protocol/mod.ts";
import { ProtocolSniffer } from "../../src/guard/protocol_sniffer.ts";
import { decodeProxyHeader } from "../../src/guard/proxy_header.ts";
import { Tracer } from "../../src/protocol/tracer.ts";
import { KeyDecoder, LineEditor, LineInput, stripControls } from "../../src/text/mod.ts";

/** A target; throws if its invariant does not hold. */
export type Target = (bytes: Uint8Array) => void;

const PAYLOAD_LIMIT = 64;

/** The targets by name. */
export const TARGETS: Readonly<Record<string, Target>> = {
  machine,
  proxy,
  foreign,
  options,
  lines,
  keys,
};

/** Bytes give the same events and answers however they are split, and no limit is exceeded. */
function machine(bytes: Uint8Array): void {
  const whole = conversation(bytes, bytes.length || 1);
  for (const size of [1, 3]) must(conversation(bytes, size) === whole, `cut by ${size}`);
  // A restored snapshot goes on the same, except for the count of repeated requests.
  const half = bytes.length >> 1;
  const before = newMachine(253);
  before.receive(bytes.subarray(0, half), 0);
  before.takeEvents();
  const after = TelnetMachine.restore(JSON.parse(JSON.stringify(before.snapshot())), 0);
  before.receive(bytes.subarray(half), 0);
  after.receive(bytes.subarray(half), 0);
  must(JSON.stringify(before.takeEvents()) === JSON.stringify(after.takeEvents()), "a snapshot");
  must(String(before.takeOutput()) === String(after.takeOutput()), "a snapshot's output");
}

function newMachine(repeats: number = 5): TelnetMachine {
  const both = [ECHO, SGA, NAWS, TTYPE, GMCP, CHARSET, LINEMODE, ATCP];
  const telnet = new TelnetMachine({
    local: both,
    remote: both,
    limits: { subnegotiation: PAYLOAD_LIMIT, repeatedRequests: repeats },
  });
  telnet.enableLocal(ECHO, { now: 0 });
  telnet.enableRemote(NAWS, { now: 0 });
  return telnet;
}

function conversation(bytes: Uint8Array, size: number): string {
  const telnet = newMachine();
  const events: unknown[] = [];
  let data = "";
  for (let at = 0; at < bytes.length; at += size) {
    telnet.receive(bytes.subarray(at, at + size), 0);
    for (const event of telnet.takeEvents()) {
      if (event.type === "subnegotiation") must(event.bytes.length <= PAYLOAD_LIMIT, "a limit");
      if (event.type === "data") data += String.fromCharCode(...event.bytes);
      else events.push([data, JSON.stringify(event)]), data = "";
    }
  }
  const output = telnet.takeOutput();
  must(output.length <= 16 + bytes.length * 3, "answers out of bounds");
  return JSON.stringify([events, data, [...output]]);
}

/** The result depends only on the header's own bytes, and the length is never beyond the input. */
function proxy(bytes: Uint8Array): void {
  const whole = decodeProxyHeader(bytes);
  let first: ReturnType<typeof decodeProxyHeader>;
  for (let length = 0; length <= bytes.length && first === undefined; length++) {
    first = decodeProxyHeader(bytes.subarray(0, length));
    if (first !== undefined && "length" in first) must(first.length === length, "its length");
  }
  must(kindOf(first) === kindOf(whole), "a header that depends on how it is cut");
}

function kindOf(result: ReturnType<typeof decodeProxyHeader>): string {
  // Which of two faults is found first may depend on how the bytes are split.
  return result === undefined ? "open" : "fault" in result ? "fault" : JSON.stringify(result);
}

/** A protocol is recognized by its first bytes, however they are split. */
function foreign(bytes: Uint8Array): void {
  const whole = new ProtocolSniffer().push(bytes);
  const guard = new ProtocolSniffer();
  let found: ReturnType<ProtocolSniffer["push"]>;
  for (const byte of bytes) found ??= guard.push(Uint8Array.of(byte));
  must(found === whole, "a guess that depends on how it is cut");
  const words: string[] = [];
  new Tracer(PAYLOAD_LIMIT, String, (word) => words.push(word)).push(bytes);
  must(words.length <= bytes.length, "more words than bytes");
}

/** No payload makes a decoder throw. */
function options(bytes: Uint8Array): void {
  const decoders = [
    decodeAardwolf,
    decodeAtcp,
    decodeCharset,
    decodeEnviron,
    decodeFlowControl,
    decodeGmcp,
    decodeLinemode,
    decodeMsdp,
    decodeMssp,
    decodeNaws,
    decodeSendLocation,
    decodeStatus,
    decodeTerminalSpeed,
    decodeTerminalType,
    decodeXDisplayLocation,
    decodeZmp,
  ];
  for (const decode of decoders) decode(bytes);
  decodeMtts(new TextDecoder().decode(bytes));
}

/** Lines are the same however the text is split, within the limit, and without controls. */
function lines(bytes: Uint8Array): void {
  const text = new TextDecoder("latin1").decode(bytes);
  const whole: string[] = [];
  new LineInput({ limit: 40 }).push(text, whole);
  const cut: string[] = [];
  const input = new LineInput({ limit: 40 });
  for (const character of text) input.push(character, cut);
  must(JSON.stringify(whole) === JSON.stringify(cut), "lines that depend on how they are cut");
  for (const line of whole) {
    must(line.length <= 40, "a line over the limit");
    must(!/[\x00-\x08\x0a-\x1f\x7f-\x9f]/.test(line), "a control in a line");
  }
  const left = stripControls(text);
  must(!/[\x00-\x08\x0a-\x1f\x7f-\x9f]/.test(left), "a control that was left");
}

/** The editor accepts all keys without throwing, and its lines have no controls. */
function keys(bytes: Uint8Array): void {
  const text = new TextDecoder().decode(bytes);
  const decoder = new KeyDecoder();
  const editor = new LineEditor({ columns: 20, limit: 200 });
  for (let at = 0; at < text.length; at += 7) {
    for (const key of decoder.push(text.slice(at, at + 7), at)) editor.key(key);
    for (const result of editor.takeResults()) {
      const controls = result.type === "line" && /[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(result.text);
      must(!controls, "a control in a line");
    }
    must(editor.line.length <= 200, "a line over the limit");
    editor.takeOutput();
  }
  decoder.flush(1e9);
}

function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(`It does not hold: ${what}`);
}
