/*
 * The people of the server's benchmark: many connections in one process, driven by lines on the
 * standard input, one line of JSON for each.
 *
 *     cc -O2 -o load bench/load.c
 *     ./load PORT [ws]
 *
 * With ws each is a WebSocket: lines and echoes are binary messages. "broadcast" and "churn" are for
 * Telnet alone.
 *
 *     connect N         opens N more connections, from several addresses of 127.0.0.0/8
 *     echo MS           each sends a line of 32 bytes, awaits its echo, and again
 *     broadcast TIMES   the first sends "broadcast", all await 64 bytes
 *     churn N AT_ONCE   connects, sends a line, awaits its echo, closes; N times
 *     close             closes all
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 20000
#define LINE 32
#define BROADCAST 64
#define HEAD 6
#define BUCKETS 2000000
#define PATIENCE 20.0

typedef struct {
  int fd;
  int connecting;
  size_t got;
  double sent_at;
  int upgrading;
  size_t matched;
  /* What is sent, and what must come back. */
  size_t out_length, echo_length;
  char out[HEAD + LINE + 1], echo[HEAD + LINE + 1];
} Client;

static Client clients[MOST];
static unsigned buckets[BUCKETS];
static int count, epoll_fd, port, next_address, web_socket;
static long serial;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static double cpu(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void fail(const char *what) {
  printf("{\"error\":\"%s\",\"errno\":%d}\n", what, errno);
  exit(1);
}

static void watch(int index, uint32_t events, int operation) {
  struct epoll_event event = {.events = events, .data.u32 = (uint32_t)index};
  if (epoll_ctl(epoll_fd, operation, clients[index].fd, &event) != 0) fail("epoll_ctl");
}

/* One address has some 28,000 ports, and those of closed connections rest for a while. */
static void dial(int index) {
  Client *client = &clients[index];
  int on = 1;
  client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (client->fd < 0) fail("socket");
  setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  struct sockaddr_in from = {.sin_family = AF_INET};
  from.sin_addr.s_addr = htonl(0x7f000002u + (uint32_t)(next_address++ % 200));
  if (bind(client->fd, (struct sockaddr *)&from, sizeof from) != 0) fail("bind");
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(client->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) {
    fail("connect");
  }
  client->connecting = 1;
  client->got = 0;
  watch(index, EPOLLOUT, EPOLL_CTL_ADD);
}

/* A line, or a binary message with it: masked on its way to the server, not on its way back. */
static void send_line(Client *client) {
  char line[LINE + 1];
  snprintf(line, sizeof line, "%030ld\r\n", serial++);
  client->out_length = client->echo_length = LINE;
  memcpy(client->out, line, LINE);
  memcpy(client->echo, line, LINE);
  if (web_socket) {
    unsigned char *out = (unsigned char *)client->out;
    unsigned mask = (unsigned)serial * 2654435761u;
    out[0] = 0x82;
    out[1] = 0x80 | LINE;
    memcpy(out + 2, &mask, 4);
    for (int at = 0; at < LINE; at++) out[HEAD + at] = (unsigned char)line[at] ^ out[2 + at % 4];
    client->out_length = HEAD + LINE;
    client->echo[0] = (char)0x82;
    client->echo[1] = LINE;
    memcpy(client->echo + 2, line, LINE);
    client->echo_length = 2 + LINE;
  }
  client->got = 0;
  client->sent_at = now();
  ssize_t length = (ssize_t)client->out_length;
  if (send(client->fd, client->out, client->out_length, MSG_NOSIGNAL) != length) fail("send");
}

/* Reads; returns whether the echo is complete, and checks it. */
static int read_echo(Client *client) {
  char buffer[4096];
  ssize_t length = recv(client->fd, buffer, sizeof buffer, 0);
  if (length < 0 && errno == EAGAIN) return 0;
  if (length <= 0) fail("the server closed");
  if (client->got + (size_t)length > client->echo_length) fail("too much came back");
  if (memcmp(buffer, client->echo + client->got, (size_t)length) != 0) fail("another line came");
  client->got += (size_t)length;
  return client->got == client->echo_length;
}

static void ask_upgrade(Client *client) {
  char request[256];
  int length = snprintf(request, sizeof request,
                        "GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                        port);
  if (send(client->fd, request, (size_t)length, MSG_NOSIGNAL) != length) fail("send");
  client->upgrading = 1;
  client->matched = 0;
}

/* Reads a part of the answer; returns whether it is whole. Nothing may follow it. */
static int read_upgrade(Client *client) {
  const char *end = "\r\n\r\n";
  char buffer[1024];
  ssize_t length = recv(client->fd, buffer, sizeof buffer, 0);
  if (length < 0 && errno == EAGAIN) return 0;
  if (length <= 0) fail("the server refused the upgrade");
  for (ssize_t at = 0; at < length; at++) {
    if (client->matched == 4) fail("bytes behind the upgrade");
    client->matched = buffer[at] == end[client->matched] ? client->matched + 1 : buffer[at] == '\r';
  }
  client->upgrading = client->matched < 4;
  return !client->upgrading;
}

static void connected(int index) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(clients[index].fd, SOL_SOCKET, SO_ERROR, &error, &size);
  errno = error;
  if (error != 0) fail("connection refused or lost");
  clients[index].connecting = 0;
  watch(index, EPOLLIN, EPOLL_CTL_MOD);
}

static int wait_events(struct epoll_event *events, int most, double until) {
  double left = until - now();
  if (left <= 0) return 0;
  return epoll_wait(epoll_fd, events, most, (int)(left * 1000) + 1);
}

static void report(const char *what, double start, double cpu_start, long done, unsigned long seen) {
  double seconds = now() - start;
  double percentiles[2] = {0, 0}, wanted[2] = {0.5, 0.99};
  for (int which = 0; which < 2; which++) {
    unsigned long sum = 0;
    for (int at = 0; at < BUCKETS && seen > 0; at++) {
      sum += buckets[at];
      if (sum >= wanted[which] * seen) {
        percentiles[which] = at / 1000.0;
        break;
      }
    }
  }
  printf("{\"what\":\"%s\",\"clients\":%d,\"done\":%ld,\"seconds\":%.4f,\"perSecond\":%.0f,"
         "\"p50\":%.3f,\"p99\":%.3f,\"load\":%.3f}\n",
         what, count, done, seconds, done / seconds, percentiles[0], percentiles[1],
         (cpu() - cpu_start) / seconds);
}

static void note_latency(const Client *client) {
  long micros = (long)((now() - client->sent_at) * 1e6);
  buckets[micros < 0 ? 0 : micros >= BUCKETS ? BUCKETS - 1 : micros]++;
}

/* Opens connections, at most 256 at once: more would overflow a listener's backlog. */
static void do_connect(int more) {
  struct epoll_event events[256];
  double start = now(), cpu_start = cpu();
  int first = count, dialled = 0, done = 0;
  if (count + more > MOST) fail("too many");
  while (done < more) {
    for (; dialled < more && dialled - done < 256; dialled++) dial(first + dialled);
    int ready = wait_events(events, 256, start + PATIENCE * 3);
    if (ready <= 0) fail("connecting takes too long");
    for (int at = 0; at < ready; at++) {
      int index = (int)events[at].data.u32;
      Client *client = &clients[index];
      if (client->upgrading) {
        done += read_upgrade(client);
        continue;
      }
      if (!client->connecting) fail("bytes that nobody asked for");
      connected(index);
      if (web_socket) ask_upgrade(client);
      else done++;
    }
  }
  count += more;
  report("connect", start, cpu_start, more, 0);
}

/* With no time each sends one line. */
static void do_echo(double seconds) {
  struct epoll_event events[1024];
  memset(buckets, 0, sizeof buckets);
  double start = now(), cpu_start = cpu();
  double end = start + seconds;
  long done = 0;
  int open = count;
  for (int index = 0; index < count; index++) send_line(&clients[index]);
  while (open > 0) {
    int ready = wait_events(events, 1024, end + PATIENCE);
    if (ready <= 0) fail("no echo");
    double time = now();
    for (int at = 0; at < ready; at++) {
      Client *client = &clients[events[at].data.u32];
      if (!read_echo(client)) continue;
      note_latency(client);
      done++;
      if (time < end) send_line(client);
      else open--;
    }
  }
  report("echo", start, cpu_start, done, (unsigned long)done);
}

static void do_broadcast(int times) {
  struct epoll_event events[1024];
  char buffer[4096];
  memset(buckets, 0, sizeof buckets);
  double start = now(), cpu_start = cpu();
  for (int time = 0; time < times; time++) {
    int open = count;
    for (int index = 0; index < count; index++) clients[index].got = 0;
    double sent = now();
    clients[0].sent_at = sent;
    if (send(clients[0].fd, "broadcast\r\n", 11, MSG_NOSIGNAL) != 11) fail("send");
    while (open > 0) {
      int ready = wait_events(events, 1024, sent + PATIENCE);
      if (ready <= 0) fail("no broadcast");
      for (int at = 0; at < ready; at++) {
        Client *client = &clients[events[at].data.u32];
        ssize_t length = recv(client->fd, buffer, sizeof buffer, 0);
        if (length <= 0) fail("the server closed");
        client->got += (size_t)length;
        if (client->got > BROADCAST) fail("too much came");
        if (client->got == BROADCAST) open--;
      }
    }
    note_latency(&clients[0]);
  }
  report("broadcast", start, cpu_start, times, (unsigned long)times);
}

static void do_churn(long total, int at_once) {
  struct epoll_event events[256];
  double start = now(), cpu_start = cpu();
  long dialled = 0, done = 0;
  if (count != 0) fail("churn wants no connections");
  for (; dialled < at_once && dialled < total; dialled++) dial((int)dialled);
  while (done < total) {
    int ready = wait_events(events, 256, now() + PATIENCE);
    if (ready <= 0) fail("no answer in churn");
    for (int at = 0; at < ready; at++) {
      int index = (int)events[at].data.u32;
      Client *client = &clients[index];
      if (client->connecting) {
        connected(index);
        send_line(client);
      } else if (read_echo(client)) {
        close(client->fd);
        done++;
        if (dialled < total) {
          dial(index);
          dialled++;
        }
      }
    }
  }
  report("churn", start, cpu_start, done, 0);
}

static void do_close(void) {
  for (int index = 0; index < count; index++) close(clients[index].fd);
  count = 0;
  printf("{\"what\":\"close\"}\n");
}

int main(int argc, char **argv) {
  char command[128];
  long a, b;
  if (argc != 2 && argc != 3) return 2;
  port = atoi(argv[1]);
  web_socket = argc == 3 && strcmp(argv[2], "ws") == 0;
  epoll_fd = epoll_create1(0);
  setvbuf(stdout, NULL, _IOLBF, 0);
  while (fgets(command, sizeof command, stdin) != NULL) {
    if (sscanf(command, "connect %ld", &a) == 1) do_connect((int)a);
    else if (sscanf(command, "echo %ld", &a) == 1) do_echo(a / 1000.0);
    else if (sscanf(command, "broadcast %ld", &a) == 1) do_broadcast((int)a);
    else if (sscanf(command, "churn %ld %ld", &a, &b) == 2) do_churn(a, (int)b);
    else if (strncmp(command, "close", 5) == 0) do_close();
    else fail("unknown command");
  }
  return 0;
}
