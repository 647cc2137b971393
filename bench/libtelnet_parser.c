/*
 * The same work by libtelnet: feeds a file in chunks, counts what comes out, prints the median of
 * MB/s over a quarter of a second.
 *
 *     cc -O2 -o libtelnet_parser bench/libtelnet_parser.c -ltelnet
 *     ./libtelnet_parser FILE BYTES_PER_CHUNK BYTES_PER_CONNECTION
 *
 * BYTES_PER_CHUNK may be a list, such as 5,80,12: chunks of these sizes, again and again.
 */
#include <stddef.h> /* libtelnet.h uses size_t without it */

#include <libtelnet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const telnet_telopt_t OPTIONS[] = {
    {1, TELNET_WILL, TELNET_DONT}, {3, TELNET_WILL, TELNET_DONT}, {0, TELNET_WONT, TELNET_DO},
    {24, TELNET_WONT, TELNET_DO},  {31, TELNET_WONT, TELNET_DO},  {-1, 0, 0}};

/* What the JavaScript contenders do: take the data, the payloads and the answers. */
static void on_event(telnet_t *telnet, telnet_event_t *event, void *user) {
  size_t *sum = user;
  (void)telnet;
  if (event->type == TELNET_EV_DATA || event->type == TELNET_EV_SEND) *sum += event->data.size;
  else if (event->type == TELNET_EV_SUBNEGOTIATION) *sum += event->sub.size;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  static double rates[100000];
  size_t sum = 0, count = 0;
  if (argc != 4) return 2;
  FILE *file = fopen(argv[1], "rb");
  if (file == NULL) return 2;
  fseek(file, 0, SEEK_END);
  size_t length = (size_t)ftell(file);
  rewind(file);
  char *bytes = malloc(length);
  if (bytes == NULL || fread(bytes, 1, length, file) != length) return 2;
  static size_t sizes[65536];
  size_t chunks = 0, connection = strtoul(argv[3], NULL, 10);
  for (char *next = argv[2]; *next != 0 && chunks < 65536; next += *next == ',') {
    sizes[chunks++] = strtoul(next, &next, 10);
  }
  if (chunks == 0) return 2;
  double end = now() + 0.25;
  while (count < 100000 && (now() < end || count < 3)) {
    double start = now();
    for (size_t from = 0; from < length; from += connection) {
      telnet_t *telnet = telnet_init(OPTIONS, on_event, 0, &sum);
      size_t to = from + connection < length ? from + connection : length;
      for (size_t at = from, index = 0; at < to;) {
        size_t chunk = sizes[index];
        if (++index == chunks) index = 0;
        telnet_recv(telnet, bytes + at, at + chunk < to ? chunk : to - at);
        at += chunk;
      }
      telnet_free(telnet);
    }
    rates[count++] = length / (now() - start) / 1e6;
  }
  qsort(rates, count, sizeof(double), compare);
  printf("%.1f %zu\n", rates[count / 2], sum);
  return 0;
}
