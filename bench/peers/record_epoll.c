/* A relay of RTP that does what the product does with a recorded call: `record_epoll FIRST_PORT CALLS FOLDER KEY`.
 *
 * One epoll loop and connected sockets, so that the system checks whom a packet is from. Of each packet the header is
 * read, loss and jitter are counted (RFC 3550 A.3, A.8) and a header of our own is written; each leg sends SR or RR about
 * every five seconds. Both sides of a call are interleaved and sealed second by second into FOLDER/NNNNNN.ahr, in the form
 * that `desk/recordings/sealed.py` reads, under KEY (64 hex digits). Ports, "ready" and the last line: as relay_epoll. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RATE 8000
#define AHEAD (4 * RATE)
#define GRACE_S 0.1
#define PIECE (2 * RATE)
#define RESTART 3000
#define HEADER 12
#define TAG 16
#define SCAN_S 0.01
#define FIRST_PLACE 0xFFFFFFFFu
#define SILENCE 0xFF

struct stream { /* what a far end sends: the counts of RFC 3550 A.3 and A.8 */
    int known;
    uint32_t ssrc, first, highest, received, reported, expected_before, lsr;
    double jitter, transit, lsr_at;
};

struct track { /* one side of a recording, a ring that begins with sample `first` */
    uint8_t ring[AHEAD];
    int64_t first, origin;
    uint32_t timestamp;
    int placed;
};

struct leg {
    int rtp, rtcp;
    struct sockaddr_in reports_to;
    struct stream heard;
    uint32_t ssrc, source, timestamp, timestamp_offset, sent, sent_before, octets;
    uint16_t sequence, sequence_offset;
    int going;
    double report_at;
};

struct call {
    struct track side[2]; /* what leg 0 is sent, what it says */
    EVP_CIPHER_CTX *cipher;
    char name[8];
    int file;
    uint32_t place, before;
    double began;
};

static volatile sig_atomic_t ended;
static struct leg *legs;
static struct call *calls;

static void end(int number) { (void)number, ended = 1; }

static double cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static uint32_t chance(void) {
    uint32_t value;
    if (getrandom(&value, sizeof value, 0) != sizeof value) exit(1);
    return value;
}

static uint32_t get32(const uint8_t *at) { return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3]; }

static uint16_t get16(const uint8_t *at) { return at[0] << 8 | at[1]; }

static uint8_t *put32(uint8_t *at, uint32_t value) {
    at[0] = value >> 24, at[1] = value >> 16, at[2] = value >> 8, at[3] = value;
    return at + 4;
}

/* ------------------------------------------------------------ sockets */

static int bound(int port) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 1 << 18;
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (fd >= 0 && !bind(fd, (struct sockaddr *)&own, sizeof own)) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

static int next_port = 40000;

static void open_leg(struct leg *leg, int far_port) {
    struct sockaddr_in far = {.sin_family = AF_INET, .sin_port = htons(far_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (;; next_port += 2) {
        if (next_port > 65000) exit(1);
        if ((leg->rtp = bound(next_port)) < 0) continue;
        if ((leg->rtcp = bound(next_port + 1)) >= 0) break;
        close(leg->rtp);
    }
    if (connect(leg->rtp, (struct sockaddr *)&far, sizeof far)) exit(1);
    printf("%d\n", next_port);
    next_port += 2;
    far.sin_port = htons(far_port + 1);
    leg->reports_to = far;
    leg->ssrc = chance(), leg->sequence = chance() >> 17, leg->timestamp = chance();
    leg->report_at = now_s() + 2.5 + chance() / 4294967296.0 * 5;
}

/* ------------------------------------------------------------ RTP and RTCP */

static int payload_of(const uint8_t *packet, int length, int *stop) {
    if (length < HEADER || packet[0] >> 6 != 2) return 0;
    int start = HEADER + 4 * (packet[0] & 15);
    if (packet[0] & 0x10) {
        if (length < start + 4) return 0;
        start += 4 + 4 * get16(packet + start + 2);
    }
    *stop = packet[0] & 0x20 ? length - packet[length - 1] : length;
    return start <= *stop ? start : 0;
}

static void count(struct stream *s, uint32_t ssrc, uint16_t sequence, uint32_t timestamp, double at) {
    int16_t ahead = sequence - (uint16_t)s->highest;
    double transit = at * RATE - timestamp, step = transit - s->transit;
    s->transit = transit;
    if (!s->known || ssrc != s->ssrc || ahead >= RESTART || ahead <= -RESTART) {
        *s = (struct stream){.known = 1, .ssrc = ssrc, .first = sequence, .highest = sequence, .received = 1, .transit = transit};
        return;
    }
    s->received++;
    if (ahead > 0) s->highest += ahead;
    if (step < 0) step = -step;
    if (step < 10.0 * RATE) s->jitter += (step - s->jitter) / 16;
}

static int own_header(struct leg *leg, uint8_t *packet, uint32_t ssrc, uint16_t sequence, uint32_t timestamp, int marked) {
    if (!leg->going || ssrc != leg->source) {
        leg->sequence_offset = leg->sequence + 1 - sequence, leg->timestamp_offset = leg->timestamp + 160 - timestamp;
        leg->going = marked = 1;
        leg->source = ssrc;
    }
    uint16_t out = sequence + leg->sequence_offset;
    if ((int16_t)(out - leg->sequence) <= 0) return 0;
    leg->sequence = out, leg->timestamp = timestamp + leg->timestamp_offset;
    packet[0] = 0x80, packet[1] = (packet[1] & 0x7F) | (marked ? 0x80 : 0), packet[2] = out >> 8, packet[3] = out;
    put32(put32(packet + 4, leg->timestamp), leg->ssrc);
    return 1;
}

static void report(struct leg *leg, double now) {
    uint8_t packet[128], *at = packet + 8;
    struct stream *s = &leg->heard;
    int sends = leg->sent > leg->sent_before;
    put32(packet + 4, leg->ssrc);
    if (sends) {
        double whole = (double)(int64_t)now;
        at = put32(put32(at, (uint32_t)whole), (uint32_t)((now - whole) * 4294967296.0));
        at = put32(put32(put32(at, leg->timestamp), leg->sent), leg->octets);
    }
    if (s->known) {
        uint32_t expected = s->highest - s->first + 1, due = expected - s->expected_before, got = s->received - s->reported;
        uint32_t fraction = due && due > got ? (due - got) * 256 / due : 0;
        s->expected_before = expected, s->reported = s->received;
        at = put32(put32(at, s->ssrc), (fraction > 255 ? 255 : fraction) << 24 | ((expected - s->received) & 0xFFFFFF));
        at = put32(put32(at, s->highest), (uint32_t)s->jitter);
        at = put32(put32(at, s->lsr), s->lsr ? (uint32_t)((now - s->lsr_at) * 65536) : 0);
    }
    packet[0] = 0x80 | (s->known != 0), packet[1] = sends ? 200 : 201, packet[2] = 0, packet[3] = (at - packet) / 4 - 1;
    static const uint8_t name[] = "\x01\x0epeer@127.0.0.1";
    *at++ = 0x81, *at++ = 202, *at++ = 0, *at++ = 6;
    at = put32(at, leg->ssrc);
    memset(at, 0, 20), memcpy(at, name, sizeof name - 1);
    sendto(leg->rtcp, packet, at + 20 - packet, 0, (struct sockaddr *)&leg->reports_to, sizeof leg->reports_to);
    leg->sent_before = leg->sent;
    leg->report_at = now + 2.5 + chance() / 4294967296.0 * 5;
}

static void hear_report(struct leg *leg, double now) {
    uint8_t packet[1500];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t length = recvfrom(leg->rtcp, packet, sizeof packet, 0, (struct sockaddr *)&from, &size);
    if (length < 28 || packet[0] >> 6 != 2 || packet[1] != 200 || from.sin_addr.s_addr != leg->reports_to.sin_addr.s_addr) return;
    if (get32(packet + 4) == leg->heard.ssrc) leg->heard.lsr = get32(packet + 10), leg->heard.lsr_at = now;
}

/* ------------------------------------------------------------ recording */

static void keep(struct track *track, uint32_t timestamp, const uint8_t *sound, int length, double since) {
    if (!track->placed) track->placed = 1, track->origin = (int64_t)(since * RATE), track->timestamp = timestamp;
    int64_t sample = track->origin + (int32_t)(timestamp - track->timestamp);
    if (sample < track->first || sample + length > track->first + AHEAD) return;
    int at = sample % AHEAD, before = AHEAD - at < length ? AHEAD - at : length;
    memcpy(track->ring + at, sound, before);
    memcpy(track->ring, sound + before, length - before);
}

static void seal(struct call *call) {
    uint8_t both[PIECE], out[8 + PIECE + TAG], nonce[12] = {0}, bound[6 + 1 + 9];
    for (int n = 0; n < 2; n++) {
        struct track *track = &call->side[n];
        uint8_t *from = track->ring + track->first % AHEAD; /* pieces begin at whole seconds: no piece wraps */
        for (int i = 0; i < RATE; i++) both[2 * i + n] = from[i];
        memset(from, SILENCE, RATE);
        track->first += RATE;
    }
    int length;
    memcpy(bound, call->name, 6), bound[6] = 'u';
    *put32(put32(bound + 7, call->place), call->before) = 'm';
    put32(nonce + 8, call->place);
    put32(put32(out, call->place), PIECE + TAG);
    EVP_EncryptInit_ex(call->cipher, NULL, NULL, NULL, nonce);
    EVP_EncryptUpdate(call->cipher, NULL, &length, bound, sizeof bound);
    EVP_EncryptUpdate(call->cipher, out + 8, &length, both, PIECE);
    EVP_EncryptFinal_ex(call->cipher, out + 8 + length, &length);
    EVP_CIPHER_CTX_ctrl(call->cipher, EVP_CTRL_GCM_GET_TAG, TAG, out + 8 + PIECE);
    if (write(call->file, out, sizeof out) != sizeof out) exit(1);
    call->before = call->place++;
}

static void open_call(struct call *call, int number, const char *folder, const uint8_t *key) {
    char path[4096];
    snprintf(call->name, sizeof call->name, "%06d", number % 1000000);
    snprintf(path, sizeof path, "%s/%s.ahr", folder, call->name);
    memset(call->side[0].ring, SILENCE, AHEAD), memset(call->side[1].ring, SILENCE, AHEAD);
    call->file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    call->cipher = EVP_CIPHER_CTX_new();
    call->before = FIRST_PLACE;
    call->began = now_s();
    if (call->file < 0 || write(call->file, "AHR1u", 5) != 5) exit(1);
    if (EVP_EncryptInit_ex(call->cipher, EVP_aes_256_gcm(), NULL, key, NULL) != 1) exit(1);
}

/* ------------------------------------------------------------ the loop */

static long relay(int number) {
    uint8_t packet[1500];
    struct leg *from = &legs[number], *to = &legs[number ^ 1];
    struct call *call = &calls[number / 2];
    ssize_t length = recv(from->rtp, packet, sizeof packet, 0);
    int stop, start = payload_of(packet, length, &stop);
    if (!start || (packet[1] & 0x7F) != 0) return 0;
    uint32_t ssrc = get32(packet + 8), timestamp = get32(packet + 4);
    uint16_t sequence = get16(packet + 2);
    double now = now_s();
    count(&from->heard, ssrc, sequence, timestamp, now);
    if (!(number & 1)) keep(&call->side[1], timestamp, packet + start, stop - start, now - call->began);
    uint8_t *head = packet + start - HEADER;
    head[1] = packet[1];
    if (!own_header(to, head, ssrc, sequence, timestamp, packet[1] >> 7)) return 0;
    if (send(to->rtp, head, stop - start + HEADER, 0) <= 0) return 0;
    to->sent++, to->octets += stop - start;
    if (number & 1) keep(&call->side[0], to->timestamp, packet + start, stop - start, now - call->began);
    return 1;
}

static void scan(int count, double now) {
    for (int i = 0; i < count; i++)
        while (now >= calls[i].began + calls[i].place + 1 + GRACE_S) seal(&calls[i]);
    for (int i = 0; i < 2 * count; i++)
        if (now >= legs[i].report_at) report(&legs[i], now);
}

int main(int argc, char **argv) {
    if (argc != 5 || strlen(argv[4]) != 64) return 2;
    int first = atoi(argv[1]), count = atoi(argv[2]), door = epoll_create1(0);
    uint8_t key[32];
    struct epoll_event ready[256];
    struct sigaction action = {.sa_handler = end};
    sigaction(SIGTERM, &action, NULL);
    for (int i = 0; i < 32; i++) sscanf(argv[4] + 2 * i, "%2hhx", &key[i]);
    legs = calloc(2 * count, sizeof *legs), calls = calloc(count, sizeof *calls);
    for (int i = 0; i < 2 * count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i}, reports = {.events = EPOLLIN, .data.u32 = i | 1u << 31};
        open_leg(&legs[i], first + i);
        epoll_ctl(door, EPOLL_CTL_ADD, legs[i].rtp, &event);
        epoll_ctl(door, EPOLL_CTL_ADD, legs[i].rtcp, &reports);
    }
    for (int i = 0; i < count; i++) open_call(&calls[i], i, argv[3], key);
    puts("ready");
    fflush(stdout);
    double began = cpu(), scanned = 0;
    long relayed = 0;
    while (!ended) {
        int found = epoll_wait(door, ready, 256, SCAN_S * 1000);
        for (int n = 0; n < found; n++) {
            uint32_t number = ready[n].data.u32;
            if (number >> 31) hear_report(&legs[number & 0x7FFFFFFF], now_s());
            else relayed += relay(number);
        }
        double now = now_s();
        if (now >= scanned + SCAN_S) scan(count, scanned = now);
    }
    printf("%f %ld\n", cpu() - began, relayed);
    return 0;
}
