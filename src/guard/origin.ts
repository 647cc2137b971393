/** The origin of a connection. */
export interface Origin {
  /** The person's IP address; behind a trusted proxy, the address that the proxy reports. */
  readonly address: string;
  /** The person's port. */
  readonly port: number;
  /** Whether the person's connection is encrypted, as far as is known. */
  readonly encrypted: boolean;
}
