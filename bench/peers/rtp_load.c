/* The far ends of many RTP streams: `rtp_load FIRST_PORT ENDS SECONDS PAIRED [SOUND] < ports`.
 *
 * End i is bound to 127.0.0.1:FIRST_PORT+i and sends 50 packets a second to the i-th port on standard input. PAIRED 1: its
 * packets are to arrive, relayed, at its neighbour (i ^ 1), and carry the moment when they left. PAIRED 0: the other side
 * has sound of its own. SOUND: a file of G.711 to say again and again. Prints one line: packets sent, packets got, the 50th
 * and 99th percentile in µs of the delay (paired) or of how late each packet was, 20 ms after the one before, and the
 * packets that an end got in 1,000 s. The first second, in which all calls begin at once, counts only as sent and got. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_NS 20000000L
#define PACKET 172
#define GRACE_NS 300000000L
#define WARM_NS 1000000000L

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static uint8_t *sound_of(const char *path, long *frames) {
    FILE *file = fopen(path, "rb");
    if (!file) exit(1);
    fseek(file, 0, SEEK_END);
    *frames = ftell(file) / 160;
    uint8_t *sound = malloc(*frames * 160);
    rewind(file);
    if (!*frames || fread(sound, 160, *frames, file) != (size_t)*frames) exit(1);
    fclose(file);
    return sound;
}

static int bound(int port) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 1 << 18;
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own)) {
        perror("bind");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv) {
    if (argc != 5 && argc != 6) return 2;
    int first = atoi(argv[1]), ends = atoi(argv[2]), paired = atoi(argv[4]);
    int64_t total = (int64_t)(atof(argv[3]) * 50) * ends, sent = 0, got = 0, kept = 0, steady = 0;
    long frames = 0;
    uint8_t *sound = argc == 6 ? sound_of(argv[5], &frames) : NULL;
    int *fds = calloc(ends, sizeof *fds), door = epoll_create1(0);
    struct sockaddr_in *to = calloc(ends, sizeof *to);
    int64_t *last = calloc(ends, sizeof *last);
    uint32_t *seen = malloc((size_t)(total + 64) * 2 * sizeof *seen);
    for (int i = 0; i < ends; i++) {
        int port;
        if (scanf("%d", &port) != 1) return 2;
        to[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        fds[i] = bound(first + i);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
        epoll_ctl(door, EPOLL_CTL_ADD, fds[i], &event);
    }
    uint8_t packet[PACKET], arrived[2048];
    memset(packet, 0xff, sizeof packet);
    struct epoll_event ready[256];
    int64_t began = now_ns(), ends_at = began + total * PERIOD_NS / ends, over = ends_at + GRACE_NS, at;
    while ((at = now_ns()) < over) {
        while (sent < total && began + sent * PERIOD_NS / ends <= at) {
            int i = sent % ends;
            uint32_t turn = sent / ends;
            packet[0] = 0x80, packet[1] = 0;
            *(uint16_t *)(packet + 2) = htons(turn), *(uint32_t *)(packet + 4) = htonl(turn * 160);
            *(uint32_t *)(packet + 8) = htonl(0x10000 + i);
            int64_t left = now_ns();
            if (sound) memcpy(packet + 12, sound + (turn + i * 7) % frames * 160, 160);
            if (paired) memcpy(packet + 12, &left, sizeof left);
            sendto(fds[i], packet, sizeof packet, 0, (struct sockaddr *)&to[i], sizeof to[i]);
            sent++;
        }
        int count = epoll_wait(door, ready, 256, 1);
        for (int n = 0; n < count; n++) {
            int i = ready[n].data.u32;
            while (recv(fds[i], arrived, sizeof arrived, 0) >= PACKET) {
                int64_t here = now_ns(), left, late = here - last[i] - PERIOD_NS;
                memcpy(&left, arrived + 12, sizeof left);
                int64_t value = paired ? here - left : late > 0 ? late : 0;
                int counts = here >= began + WARM_NS && here < ends_at;
                if (counts && (paired || last[i]) && kept < total * 2) seen[kept++] = value / 1000;
                last[i] = here;
                steady += counts;
                got++;
            }
        }
    }
    qsort(seen, kept, sizeof *seen, by_size);
    double span_s = (ends_at - began - WARM_NS) / 1e9;
    long rate = steady * 1000 / (ends * span_s);
    printf("%ld %ld %u %u %ld\n", (long)sent, (long)got, kept ? seen[kept / 2] : 0, kept ? seen[kept * 99 / 100] : 0, rate);
    return 0;
}
