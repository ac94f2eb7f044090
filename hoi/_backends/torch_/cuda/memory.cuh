// What a launch is given, where a group of threads keeps what it knows, and the arithmetic of both types.
//
// The text is compiled by NVRTC for a GPU, and by g++ for the tests, which give it threads of their own.

// A survivor: (prefix - start) * n * n + x * n + y, and the logarithm of its score; that is no number where the score may
// be off by more than the margin.
struct Survivor {
    long long code;
    double score;
};

// Prefixes are positions among the sets of M out of n - 2; `before` (M, n - 1) counts, for each place in a prefix, the
// sets that begin below an element. `R` and `Q` (planes, lanes, pitch) hold the correlations, lanes both ways.
struct Part {
    const double* R;
    const void* Q;         // the same in the type of the screen
    const double* weight;  // (pitch) of two matrices: a factor of the second determinant for each member
    const void* F;         // the same in the type of the screen
    const long long* before;
    Survivor* out;  // at most `capacity` are written
    unsigned long long* count;  // of survivors, of singular sets, of tickets
    long long start, stop, capacity;
    long long every;  // only each so-many-th ticket is done: a sample, where that is not 1
    double low, high;  // logarithms of the thresholds
    double near, tolerance, largest, trace;
    double sure;  // trace of the inverse up to which one more variance of at most `tolerance` leaves no doubt
    int n, pitch, lanes, room, chunk, slices;
};

template <typename T, int N> struct alignas(N * sizeof(T) < 16 ? N * sizeof(T) : 16) Lanes {
    T v[N];
};

template <typename T, int N> __device__ __forceinline__ void load(T* to, const T* from) {
    const Lanes<T, N> lanes = *(const Lanes<T, N>*)from;
#pragma unroll
    for (int i = 0; i < N; i++) to[i] = lanes.v[i];
}

__device__ __forceinline__ double no_number() {
#ifdef __CUDA_ARCH__
    return __longlong_as_double(0x7ff8000000000000LL);  // 0.0 / 0.0 is divided where it stands
#else
    return std::nan("");
#endif
}

__device__ __forceinline__ float inverse(float x) {
#ifdef __CUDA_ARCH__
    float r;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
    return r;
#else
    return 1.0f / x;
#endif
}

__device__ __forceinline__ double inverse(double x) {
#ifdef __CUDA_ARCH__
    double r;
    asm("rcp.approx.ftz.f64 %0, %1;" : "=d"(r) : "d"(x));  // 20 bits
    const double e = fma(-x, r, 1.0);
    return fma(fma(e, e, e), r, r);  // 60 bits; what is infinite or no number stays so
#else
    return 1.0 / x;
#endif
}

template <typename T, int E> __device__ __forceinline__ T power(T x) {
    if constexpr (E < 0) {
        return inverse(power<T, -E>(x));
    } else {
        T r = 1;
#pragma unroll
        for (int i = 0; i < E; i++) r *= x;
        return r;
    }
}

template <typename T> __device__ __forceinline__ T at_least_normal(T x) {
    const T tiny = sizeof(T) == 4 ? (T)1.17549435e-38 : (T)2.2250738585072014e-308;
    return x > tiny ? x : tiny;
}

// A barrier of the threads that share a prefix.
template <int G> __device__ __forceinline__ void sync_group() {
    if constexpr (G == 32) __syncwarp();
    else __syncthreads();
}

// Members that loops over the members of a prefix have in line.
constexpr int UNROLLED = 8;

// Levels of the stack of a stem that are kept beside the last: those below change so rarely that they are made anew.
constexpr int KEPT = 4;

// Most children of a stem that are worked on at a time.
constexpr int CHILDREN = 16;

template <typename X> __device__ __forceinline__ X* take(char*& at, int count) {
    X* here = (X*)at;
    at += (count * sizeof(X) + 15) / 16 * 16;
    return here;
}

// What is known of one matrix. A stem of M - 1 members is a stack: level i holds what its first i members leave to the
// lanes behind them, in float64; levels from 1 to `LOWEST` have one place. What each child of the stem, a prefix of M
// members, leaves to the lanes behind it follows, in the type of the screen; children lie one after the other.
template <typename T, int M> struct Plane {
    static constexpr int LOWEST = M - 1 > KEPT ? M - 1 - KEPT : 1, LEVELS = M > 1 ? M - LOWEST : 0;

    double *V;            // (M - 1, lanes): the factor
    double *U;            // (i, lanes) of level i: C_S^-1 C_Sl
    double *S, *squares;  // (LEVELS, lanes): conditional variances, and sums of squares of U
    double *p;            // (M, M): level i in row i, the diagonal of the inverse
    double *det, *trace;  // (M)
    T* coarse;            // (M - 1, lanes): V in the type of the screen
    double *over, *root, *traces;  // of each child: 1 / s, its square root, the trace of the inverse
    double* scale;                 // (M, CHILDREN): 1 / sqrt(p_j)
    T *v, *s, *i;                  // (room): the last row of the factor, s and 1 / s
    T *u, *h;                      // (M, room): u_j, and 1 + u_j^2 / s

    // Where a level lies in S and squares, and in U.
    static __device__ __forceinline__ int row(int level) { return level > LOWEST ? level - LOWEST : 0; }
    static __device__ __forceinline__ int rows(int level) {
        return level > LOWEST ? (level * (level - 1) - LOWEST * (LOWEST - 1)) / 2 : 0;
    }

    // The entry of member j of the stem in the diagonal of the inverse, when lane c comes in with 1 / s of it.
    __device__ __forceinline__ double diagonal(int j, int c, double is, int lanes) const {
        const double u = U[(rows(M - 1) + j) * lanes + c];
        return fma(u * u, is, p[(M - 1) * M + j]);
    }

    __device__ __forceinline__ void place(char*& at, int lanes, int room) {
        V = take<double>(at, (M - 1) * lanes);
        U = take<double>(at, rows(M) * lanes);
        S = take<double>(at, LEVELS * lanes);
        squares = take<double>(at, LEVELS * lanes);
        p = take<double>(at, M * M);
        det = take<double>(at, M);
        trace = take<double>(at, M);
        coarse = sizeof(T) == 8 ? (T*)V : take<T>(at, (M - 1) * lanes);
        over = take<double>(at, CHILDREN);
        root = take<double>(at, CHILDREN);
        traces = take<double>(at, CHILDREN);
        scale = take<double>(at, M * CHILDREN);
        v = take<T>(at, room);
        s = take<T>(at, room);
        i = take<T>(at, room);
        u = take<T>(at, M * room);
        h = take<T>(at, M * room);
    }
};

template <typename T, int P, int M> struct Shared {
    Plane<T, M> plane[P];
    T *low, *high;     // thresholds of each child
    int *state;        // of each child
    int *first;        // where its lanes begin
    unsigned char* owner;  // (room): the child that a lane belongs to
    int *member;           // (M): of the present prefix
    int *changed;          // the first of them that the last step has changed
    unsigned long long* ticket;
    char* memory;  // where all of it begins

    __device__ __forceinline__ Shared(char* at, const Part& part) : memory(at) {
#pragma unroll
        for (int q = 0; q < P; q++) plane[q].place(at, part.lanes, part.room);
        low = take<T>(at, CHILDREN);
        high = take<T>(at, CHILDREN);
        state = take<int>(at, CHILDREN);
        first = take<int>(at, CHILDREN);
        owner = take<unsigned char>(at, part.room);
        member = take<int>(at, M);
        changed = take<int>(at, 1);
        ticket = take<unsigned long long>(at, 1);
    }
};
