// Runs the text of the kernel on a CPU: every thread is a fiber, and between barriers they run in random order, as do
// groups. Shared memory starts as NaN.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <vector>
#include <ucontext.h>

#define __device__
#define __forceinline__ inline
#define __noinline__

static struct { int x; } threadIdx;
static ucontext_t home;
static ucontext_t* running;

static unsigned long long atomicAdd(unsigned long long* at, unsigned long long value) {
    const unsigned long long before = *at;
    *at += value;
    return before;
}

static void __syncthreads() {
    const int me = threadIdx.x;
    swapcontext(running, &home);
    threadIdx.x = me;
}
static void __syncwarp() { __syncthreads(); }
static double rsqrt(double x) { return 1.0 / std::sqrt(x); }

using std::fma;
#include "pairs.cuh"

struct Fiber {
    ucontext_t context;
    std::vector<char> stack = std::vector<char>(1 << 16);
    bool ended = false;
};

constexpr size_t BEHIND = 64;

static std::function<void()>* body;
static Fiber* current;
static void enter() {
    (*body)();
    current->ended = true;
    swapcontext(&current->context, &home);
}

template <int G> static int launch(int groups, unsigned seed, size_t bytes, void (*kernel)(const Part&, char*), const Part& part) {
    std::mt19937 random(seed);
    std::vector<std::vector<Fiber>> fibers(groups);
    std::vector<std::function<void()>> bodies(groups);
    std::vector<std::unique_ptr<char, decltype(&free)>> memories;
    for (int g = 0; g < groups; g++) {
        char* memory = (char*)aligned_alloc(64, (bytes + 63) / 64 * 64 + BEHIND);
        memories.emplace_back(memory, &free);
        memset(memory, 0xff, bytes + BEHIND);
        bodies[g] = [kernel, &part, memory] { kernel(part, memory); };
        fibers[g] = std::vector<Fiber>(G);
        for (Fiber& fiber : fibers[g]) {
            getcontext(&fiber.context);
            fiber.context.uc_stack.ss_sp = fiber.stack.data();
            fiber.context.uc_stack.ss_size = fiber.stack.size();
            fiber.context.uc_link = nullptr;
            makecontext(&fiber.context, enter, 0);
        }
    }
    std::vector<int> order(G), alive(groups);
    for (int t = 0; t < G; t++) order[t] = t;
    for (int g = 0; g < groups; g++) alive[g] = g;
    while (!alive.empty()) {
        const int place = random() % alive.size(), g = alive[place];
        std::shuffle(order.begin(), order.end(), random);
        int ended = 0;
        for (int t : order) {
            current = &fibers[g][t];
            running = &current->context;
            body = &bodies[g];
            threadIdx.x = t;
            swapcontext(&home, running);
            ended += current->ended;
        }
        if (ended == G) alive.erase(alive.begin() + place);
        else if (ended) return 2;
    }
    for (const auto& memory : memories)
        for (size_t i = 0; i < BEHIND; i++)
            if (memory.get()[bytes + i] != (char)0xff) return 3;
    return 1;
}

// 1: done; 3: something behind the shared memory was written to; 2: some threads of a group ended where others wait; 0: there is no such kernel.
// CASES: CASE(type, planes, members, a, b, threads) for each kernel that is wanted
#define CASE(TYPE, P, M, A, B, G) \
    if (size == sizeof(TYPE) && planes == P && members == M && a == A && b == B && threads == G) { \
        return launch<G>(groups, seed, bytes, &walk<TYPE, P, M, A, B, G>, *part); \
    }
extern "C" int emulate(int size, int planes, int members, int a, int b, int threads, int groups, unsigned seed, long bytes, const Part* part) {
    CASES
    return 0;
}
