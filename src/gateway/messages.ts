import { type Json, readJson } from "../options/json.ts";
import { WIRE_VERSION } from "./records.ts";
import { WireError, WireReader, WireWriter } from "./wire.ts";

/** The subject of what workers say of themselves, to all. */
export const HELLO = "hello";
/** The subject on which a gateway asks who is there. */
export const WHO = "who";
/** The subject of workers that nobody hears any more. */
export const GONE = "gone";
/** The subject of one gateway, and of one worker. */
export const gatewaySubject = (gateway: string): string => `g.${gateway}`;
export const workerSubject = (worker: string): string => `w.${worker}`;

/** A worker serves a zone, or leaves it. Said once a second. */
export interface Hello {
  readonly worker: string;
  readonly zone: string;
  readonly epoch: number;
  /** The format of the game's state. */
  readonly version: string;
  readonly left: boolean;
}

/** A gateway asks who is there. `name`: set where it has one; another one of that name is gone. */
export interface Who {
  readonly gateway: string;
  readonly name: string;
}

/** A worker is not heard any more. */
export interface Gone {
  readonly worker: string;
  readonly zone: string;
}

/** What is said to one worker beside packets. */
export type Control =
  /** Another worker serves the zone by now. */
  | { readonly type: "fenced"; readonly zone: string; readonly epoch: number }
  /** Another worker is about to serve the zone. */
  | { readonly type: "yield"; readonly zone: string; readonly to: string }
  /** Somebody looks whether the worker is there. */
  | { readonly type: "probe" }
  /** Said to a gateway: the worker does not know this link, or has given it up. */
  | { readonly type: "reset"; readonly zone: string; readonly link: number };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Writes what is said as JSON. */
export function encodeJson(value: Hello | Who | Gone | Control): Uint8Array {
  return encoder.encode(JSON.stringify({ ...value, wire: WIRE_VERSION }));
}

/**
 * Reads it.
 *
 * @param names The fields that it must have, each with a value of the type that it must have.
 * @throws {WireError} It is none.
 */
export function decodeJson<Value>(bytes: Uint8Array, names: Value): Value {
  let json: Json;
  try {
    json = readJson(decoder.decode(bytes));
  } catch {
    throw new WireError("A message is no JSON");
  }
  const value = json as Readonly<Record<string, Json>> | null;
  if (value?.wire !== WIRE_VERSION) throw new WireError("A message is of another version");
  for (const [name, example] of Object.entries(names as object)) {
    if (typeof value[name] !== typeof example) throw new WireError(`A message has no ${name}`);
  }
  return value as Value;
}

/** Examples for {@linkcode decodeJson}. */
export const A_HELLO: Hello = { worker: "", zone: "", epoch: 0, version: "", left: false };
export const A_WHO: Who = { gateway: "", name: "" };
export const A_GONE: Gone = { worker: "", zone: "" };

/** A packet of a link, with where it belongs. */
export interface Packet {
  /** The gateway that sends it, or the zone whose worker does. */
  readonly from: string;
  /** Which link: the gateway counts those that it begins. */
  readonly link: number;
  readonly epoch: number;
  readonly bytes: Uint8Array;
}

const PACKET = 0x50;
const CONTROL = 0x43;

/** The most bytes that go before a packet. */
export const ENVELOPE = 96;

/** Writes a packet with where it belongs. */
export function encodePacket({ from, link, epoch, bytes }: Packet): Uint8Array {
  const writer = new WireWriter();
  return writer.byte(PACKET).byte(WIRE_VERSION).text(from).number(link).number(epoch).raw(bytes)
    .take();
}

/** Writes what is said beside packets. */
export function encodeControl(control: Control): Uint8Array {
  return new WireWriter().byte(CONTROL).raw(encodeJson(control)).take();
}

/**
 * Reads what came for a gateway or a worker.
 *
 * @throws {WireError} It is neither, or of another version.
 */
export function decodeMessage(bytes: Uint8Array): Packet | Control {
  const reader = new WireReader(bytes);
  const kind = reader.byte();
  if (kind === CONTROL) return decodeJson<Control>(reader.rest(), { type: "probe" });
  if (kind !== PACKET || reader.byte() !== WIRE_VERSION) {
    throw new WireError("A packet is of another version");
  }
  const [from, link, epoch] = [reader.text(), reader.number(), reader.number()];
  return { from, link, epoch, bytes: reader.rest() };
}
