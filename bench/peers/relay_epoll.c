/* A relay of RTP that does nothing else: `relay_epoll FIRST_PORT CALLS`, one epoll loop and connected sockets.
 *
 * Prints the ports of each call's two legs, then "ready"; SIGTERM ends it with one line: CPU seconds and packets relayed
 * since the first packet. The far ends are 127.0.0.1:FIRST_PORT and the ports after it, two a call. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

static volatile sig_atomic_t ended;

static void end(int number) { (void)number, ended = 1; }

static double cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static int leg(int far_port) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 1 << 18;
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, far = own;
    socklen_t length = sizeof own;
    far.sin_port = htons(far_port);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) || connect(fd, (struct sockaddr *)&far, sizeof far)) exit(1);
    getsockname(fd, (struct sockaddr *)&own, &length);
    printf("%d\n", ntohs(own.sin_port));
    return fd;
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    int first = atoi(argv[1]), legs = 2 * atoi(argv[2]), door = epoll_create1(0);
    int *fds = calloc(legs, sizeof *fds);
    uint8_t packet[1500];
    struct epoll_event ready[256];
    struct sigaction action = {.sa_handler = end};
    sigaction(SIGTERM, &action, NULL);
    for (int i = 0; i < legs; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
        fds[i] = leg(first + i);
        epoll_ctl(door, EPOLL_CTL_ADD, fds[i], &event);
    }
    puts("ready");
    fflush(stdout);
    double began = cpu();
    long relayed = 0;
    while (!ended) {
        int count = epoll_wait(door, ready, 256, -1);
        for (int n = 0; n < count; n++) {
            int i = ready[n].data.u32;
            ssize_t length = recv(fds[i], packet, sizeof packet, 0);
            if (length > 0 && send(fds[i ^ 1], packet, length, 0) > 0) relayed++;
        }
    }
    printf("%f %ld\n", cpu() - began, relayed);
    return 0;
}
