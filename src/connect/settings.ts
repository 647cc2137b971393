import type { ClientFacts } from "../options/facts.ts";
import type { ClientOptions } from "../options/client_registry.ts";
import type { TelnetMachineOptions } from "../protocol/machine.ts";
import type { Encoding } from "../text/charset.ts";
import type { TextCodec } from "../text/codec.ts";
import type { CompressionCodec } from "../transport/compression.ts";
import type { SecureContext } from "../transport/encryption.ts";
import type { ConnectLimits } from "./limits.ts";
import type { ConnectClock } from "./timer.ts";

/** The line end that LF becomes when it is sent. */
export type Newline = "\r\n" | "\r\0" | "\r" | "\n";

/** The settings of a client session: checked, with all defaults filled in. */
export interface ConnectSettings {
  readonly limits: ConnectLimits;
  readonly encoding: Encoding | TextCodec;
  /** `undefined`: CR LF, or LF in BINARY, where CR LF would count as two line ends. */
  readonly newline: Newline | undefined;
  readonly stripControls: boolean;
  /** Whether a handler receives the text, so that it is not queued for reads. */
  readonly takesText: boolean;
  readonly promptTimeout: number;
  readonly timeout: number;
  readonly options: ClientOptions;
  readonly machine: TelnetMachineOptions;
  /** The properties of the client that this end reports to the server. */
  readonly facts: Readonly<Partial<ClientFacts>>;
  readonly codec: CompressionCodec | undefined;
  /** The TLS context, for TLS from the start or for START-TLS. */
  readonly secureContext: SecureContext | undefined;
  readonly clock: Required<ConnectClock>;
  readonly signal: AbortSignal | undefined;
  /** Receives each line of the trace; `undefined`: nothing is traced. */
  readonly trace: ((line: string) => void) | undefined;
}
