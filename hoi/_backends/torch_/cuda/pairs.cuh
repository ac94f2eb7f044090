// All sets that share a prefix S of M members, in one kernel: the state that S leaves to a pair, and all its pairs.
//
// With s_x = Var(x | S), q = Cov(x, y | S), c = q / s_x, s2 = Var(y | S + x), U = C_S^-1 C_Sy and p_j = (C_S^-1)_jj,
//
//     det^a prod(p)^b = (det_S^a prod p_j^b) s_x^(a - b) s2^(a - 2 b) [ s_y prod_j h_j ]^b,
//     h_j = 1 + u_jx^2 / s_x + (u_jy - u_jx c)^2 / s2,   u_j = U_j / sqrt(p_j),
//
// as 1 / s_x + c^2 / s2 = s_y / (s_x s2): for the O-information (a, b) = (2, 1) no power of s2 is left. What is in
// front of the bracket belongs to the prefix and to x, and goes into the thresholds.
//
// Lanes run backwards, lane l is variable n - 1 - l: the variables behind a prefix are lanes 0 to c - 1, aligned for
// every prefix. Nothing is read beyond lane c, rounded up to a multiple of four, where lanes are filled up.
//
// The text is compiled by NVRTC for a GPU, and by g++ for the tests, which give it threads of their own.

template <typename T, int N> struct alignas(N * sizeof(T) < 16 ? N * sizeof(T) : 16) Lanes {
    T v[N];
};

// What a launch is given. Prefixes are positions among the sets of M out of n - 2; `before` (M, n - 1) counts, for each
// place in a prefix, the sets that begin below an element. `R` and `Q` (n, pitch) hold the correlations, lanes both ways.
struct Part {
    const double* R;
    const void* Q;  // the same in the type of the screen
    const long long* before;
    long long* out;  // survivors: (prefix - start) * n * n + x * n + y, at most `capacity` of them are written
    unsigned long long* count;  // of survivors, of singular sets, of tickets
    long long start, stop, capacity;
    double low, high;  // logarithms of the thresholds
    double near, tolerance, largest, trace;
    double sure;  // trace of the inverse up to which one more variance of at most `tolerance` leaves no doubt
    int n, pitch, lanes, chunk, slices, reserved;
};

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

// A barrier of the threads that share a prefix.
template <int G> __device__ __forceinline__ void sync_group() {
    if constexpr (G == 32) __syncwarp();
    else __syncthreads();
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

template <typename T, int N> __device__ __forceinline__ void load(T* to, const T* from) {
    const Lanes<T, N> lanes = *(const Lanes<T, N>*)from;
#pragma unroll
    for (int i = 0; i < N; i++) to[i] = lanes.v[i];
}

// Shared memory: the stem (all members but the last) in float64, and what the whole prefix leaves to its pairs.
template <typename T, int M> struct Shared {
    double *stemV, *stemU, *stemS;  // (M - 1, lanes) twice, (lanes)
    T *V, *U, *H;                   // (M, lanes) each: factor, u_j, and 1 + u_j^2 / s
    T *S, *I;                       // (lanes): s and 1 / s
    unsigned long long* ticket;

    __device__ Shared(char* memory, int lanes) {
        stemV = (double*)memory;
        stemU = stemV + (M - 1) * lanes;
        stemS = stemU + (M - 1) * lanes;
        V = (T*)(stemS + (M > 1 ? lanes : 0));
        U = V + M * lanes;
        H = U + M * lanes;
        S = H + M * lanes;
        I = S + lanes;
        ticket = (unsigned long long*)(I + lanes);
    }
};

template <typename T> struct Limits {
    T low, high, near;
    double trace;  // of the inverse of the prefix
};

// The score of a pair, without what belongs to its prefix and to x.
template <typename T, int M, int A, int B>
__device__ __forceinline__ T score(T q, T ix, const T* ux, const T* hx, const T* uy, T sy, T& s2) {
    const T c = q * ix;
    s2 = fma(-q, c, sy);
    const T i2 = inverse(s2);
    T v = 1;
    if constexpr (B != 0) {
        v = sy;
#pragma unroll
        for (int j = 0; j < M; j++) {
            const T t = fma(-ux[j], c, uy[j]);
            v *= fma(t * t, i2, hx[j]);
        }
        v = power<T, B>(v);
    }
    if constexpr (A > 2 * B) v *= power<T, A - 2 * B>(s2);
    if constexpr (A < 2 * B) v *= power<T, 2 * B - A>(i2);
    return v;
}

// What x takes the thresholds by.
template <typename T, int A, int B> __device__ __forceinline__ T share(T sx, T ix) {
    if constexpr (A >= B) return power<T, A - B>(ix);
    else return power<T, B - A>(sx);
}

template <typename T> __device__ __forceinline__ T at_least_normal(T x) {
    const T tiny = sizeof(T) == 4 ? (T)1.17549435e-38 : (T)2.2250738585072014e-308;
    return x > tiny ? x : tiny;
}

__device__ __forceinline__ void put(const Part& part, long long prefix, int x, int y) {
    const long long at = (long long)atomicAdd(part.count, 1ULL);
    const long long n = part.n;
    // the smaller variable first, which is the larger lane
    if (at < part.capacity) part.out[at] = ((prefix - part.start) * n + (n - 1 - y)) * n + (n - 1 - x);
}

// One pair again, of a tile in which some pair is of interest.
template <typename T, int M, int A, int B>
__device__ __forceinline__ void look_at(
    const Part& part, const Shared<T, M>& at, const Limits<T>& limits, long long prefix, int x, int y
) {
    const int W = part.lanes;
    T q = ((const T*)part.Q)[x * part.pitch + y], ux[M], hx[M], uy[M], s2;
#pragma unroll
    for (int j = 0; j < M; j++) {
        q = fma(-at.V[j * W + x], at.V[j * W + y], q);
        ux[j] = at.U[j * W + x];
        hx[j] = at.H[j * W + x];
        uy[j] = at.U[j * W + y];
    }
    const T sx = at.S[x], sy = at.S[y], tolerance = (T)part.tolerance;
    const T v = score<T, M, A, B>(q, at.I[x], ux, hx, uy, sy, s2), by = share<T, A, B>(sx, at.I[x]);
    if (v > at_least_normal(limits.low * by) && v < limits.high * by && s2 >= limits.near) return;
    bool singular = limits.trace <= part.sure && (sx <= tolerance || sy <= tolerance);
    if (sizeof(T) == 8) {
        // the variance of x given all others, where float64 knows it: the trace with y is at most this
        double largest = 1;
#pragma unroll
        for (int j = 0; j < M; j++) largest = at.H[j * W + y] > largest ? at.H[j * W + y] : largest;
        const bool sure = sy >= limits.near && fma(limits.trace, largest, 1.0 / sy) <= part.sure;
        singular |= sure && fma(-q, q / sy, sx) <= tolerance;
    }
    if (singular) atomicAdd(part.count + 1, 1ULL);
    else put(part, prefix, x, y);
}

// All pairs of c lanes, in tiles of E by E: those on and above the diagonal of blocks. Neighbours in a warp share x, and
// read lanes y that follow one another. One test serves a tile; it fails for whatever is no number.
template <typename T, int M, int A, int B, int G, int E>
__device__ __forceinline__ void tiles(
    const Part& part, const Shared<T, M>& at, const Limits<T>& limits, long long prefix, int slice, int c
) {
    constexpr int X = sizeof(T) == 8 ? (M > 6 ? 1 : 2) : (M > 8 || E < 4 ? 2 : 4);  // lanes x in registers at a time
    const int W = part.lanes, pitch = part.pitch;
    const T* Q = (const T*)part.Q;
    const int blocks = (c + E - 1) / E, tasks = blocks * (blocks + 1) / 2;
    for (int task = (int)threadIdx.x + G * slice; task < tasks; task += G * part.slices) {
        int row = (int)((sqrtf(8.0f * (float)task + 1.0f) - 1.0f) * 0.5f);  // tasks row by row, the shortest first
        row += (row + 1) * (row + 2) / 2 <= task;
        row -= row * (row + 1) / 2 > task;
        const int x0 = E * (blocks - 1 - row), y0 = E * (blocks - 1 - (task - row * (row + 1) / 2));
        T vy[M][E], uy[M][E], sy[E];
        load<T, E>(sy, at.S + y0);
#pragma unroll
        for (int j = 0; j < M; j++) {
            load<T, E>(vy[j], at.V + j * W + y0);
            load<T, E>(uy[j], at.U + j * W + y0);
        }
        bool some = false;
#pragma unroll
        for (int first = 0; first < E; first += X) {
            T vx[M][X], ux[M][X], hx[M][X], sx[X], ix[X];
            load<T, X>(sx, at.S + x0 + first);
            load<T, X>(ix, at.I + x0 + first);
#pragma unroll
            for (int j = 0; j < M; j++) {
                load<T, X>(vx[j], at.V + j * W + x0 + first);
                load<T, X>(ux[j], at.U + j * W + x0 + first);
                load<T, X>(hx[j], at.H + j * W + x0 + first);
            }
#pragma unroll
            for (int a = 0; a < X; a++) {
                T covariance[E], u[M], h[M];
                load<T, E>(covariance, Q + (x0 + first + a) * pitch + y0);
                const T by = share<T, A, B>(sx[a], ix[a]);
                const T low = at_least_normal(limits.low * by), high = limits.high * by;
#pragma unroll
                for (int j = 0; j < M; j++) {
                    u[j] = ux[j][a];
                    h[j] = hx[j][a];
                }
#pragma unroll
                for (int b = 0; b < E; b++) {
                    T q = covariance[b], other[M], s2;
#pragma unroll
                    for (int j = 0; j < M; j++) {
                        q = fma(-vx[j][a], vy[j][b], q);
                        other[j] = uy[j][b];
                    }
                    if (first + a == b && x0 == y0) q = 0;  // a variable with itself
                    const T v = score<T, M, A, B>(q, ix[a], u, h, other, sy[b], s2);
                    some = some | !(v > low) | !(v < high) | !(s2 >= limits.near);
                }
            }
        }
        if (some) {  // rare
#pragma unroll 1
            for (int slot = 0; slot < E * E; slot++) {
                const int x = x0 + slot / E, y = y0 + slot % E;
                if (x < y && y < c) look_at<T, M, A, B>(part, at, limits, prefix, x, y);
            }
        }
    }
}

enum State { SOUND, WEAK, SINGULAR };  // of a prefix: of a weak one every pair is handed over

// What it is to add a member of variance s, given those before it, who are sound and whose inverse has that trace.
__device__ __forceinline__ State judge(const Part& part, double s, double trace) {
    if (s <= part.tolerance && trace <= part.sure) return SINGULAR;
    return s >= part.near ? SOUND : WEAK;
}

// The stem of members m[0..M-2] from scratch.
template <typename T, int M, int G>
__device__ __forceinline__ State make_stem(const Part& part, const Shared<T, M>& at, const int* m, double& det, double* p) {
    const int W = part.lanes;
    det = 1;
    sync_group<G>();  // BARRIER: nobody reads the last stem or its children any more
#pragma unroll
    for (int i = 0; i < M - 1; i++) {
        if (i > 0) sync_group<G>();  // BARRIER: the member before is in
        const int lane = part.n - 1 - m[i];
        const double s = i > 0 ? at.stemS[lane] : 1.0;
        double trace = 0;
#pragma unroll
        for (int j = 0; j < i; j++) trace += p[j];
        const State state = judge(part, s, trace);
        if (state != SOUND) return state;
        const double is = 1.0 / s, rs = sqrt(is);
        double v[M], u[M];
#pragma unroll
        for (int j = 0; j < i; j++) {
            v[j] = at.stemV[j * W + lane];
            u[j] = at.stemU[j * W + lane];
        }
        det *= s;
        for (int l = threadIdx.x; l < lane; l += G) {
            double q = part.R[lane * part.pitch + l];
#pragma unroll
            for (int j = 0; j < i; j++) q = fma(-v[j], at.stemV[j * W + l], q);
            const double e = q * is;
            at.stemV[i * W + l] = q * rs;
            at.stemU[i * W + l] = e;
            at.stemS[l] = fma(-q, e, i > 0 ? at.stemS[l] : 1.0);
            at.V[i * W + l] = (T)(q * rs);
#pragma unroll
            for (int j = 0; j < i; j++) at.stemU[j * W + l] = fma(-u[j], e, at.stemU[j * W + l]);
        }
        bool large = is > part.largest;
#pragma unroll
        for (int j = 0; j < i; j++) {
            p[j] = fma(u[j] * u[j], is, p[j]);
            large |= p[j] > part.largest;
        }
        p[i] = is;
        if (large) return WEAK;
    }
    return SOUND;
}

// The last member joins the stem: what the prefix leaves to c lanes, in the type of the screen, and its thresholds.
template <typename T, int M, int A, int B, int G>
__device__ __forceinline__ State make_prefix(
    const Part& part, const Shared<T, M>& at, int c, double det, const double* stem_p, Limits<T>& limits
) {
    const int W = part.lanes;
    const double s = M > 1 ? at.stemS[c] : 1.0;
    double stem_trace = 0;
#pragma unroll
    for (int j = 0; j < M - 1; j++) stem_trace += stem_p[j];
    const State state = judge(part, s, stem_trace);
    if (state != SOUND) return state;
    const double is = 1.0 / s, rs = sqrt(is);
    double v[M], u[M], scale[M], product = is, trace = is;
    bool large = is > part.largest;
#pragma unroll
    for (int j = 0; j < M - 1; j++) {
        v[j] = at.stemV[j * W + c];
        u[j] = at.stemU[j * W + c];
        const double p = fma(u[j] * u[j], is, stem_p[j]);
        large |= p > part.largest;
        product *= p;
        trace += p;
        scale[j] = 1.0 / sqrt(p);
    }
    scale[M - 1] = sqrt(s);
    if (large) return WEAK;
    for (int l = threadIdx.x; l < ((c + 3) & ~3); l += G) {
        double q = 0, e = 0, left = 1, squares = 1, own[M];
#pragma unroll
        for (int j = 0; j < M; j++) own[j] = 0;
        if (l < c) {
            q = part.R[c * part.pitch + l];
            left = M > 1 ? at.stemS[l] : 1.0;
#pragma unroll
            for (int j = 0; j < M - 1; j++) q = fma(-v[j], at.stemV[j * W + l], q);
            e = q * is;
            left = fma(-q, e, left);
#pragma unroll
            for (int j = 0; j < M - 1; j++) {
                const double plain = fma(-u[j], e, at.stemU[j * W + l]);
                squares = fma(plain, plain, squares);
                own[j] = plain * scale[j];
            }
            squares = fma(e, e, squares);
            own[M - 1] = e * scale[M - 1];
        } else {
#pragma unroll
            for (int j = 0; j < M - 1; j++) at.V[j * W + l] = 0;  // tails of a stem only become shorter
        }
        // an x that is near-singular is no number, so that every test of it fails; so is one with which a variance of
        // `near` might make the trace of the inverse too large
        const bool sound = left >= part.near && trace * left + squares <= part.trace * left;
        const double inv = sound ? 1.0 / left : 0.0 / 0.0;
        at.V[(M - 1) * W + l] = (T)(q * rs);
        at.S[l] = (T)left;
        at.I[l] = (T)inv;
#pragma unroll
        for (int j = 0; j < M; j++) {
            at.U[j * W + l] = (T)own[j];
            at.H[j * W + l] = (T)fma(own[j] * own[j], inv, 1.0);
        }
    }
    const double own = A * log(det * s) + B * log(product);
    limits.low = (T)exp(part.low - own);
    limits.high = (T)exp(part.high - own);
    limits.near = (T)part.near;
    limits.trace = trace;
    return SOUND;
}

// The members of the prefix at a position.
template <int M> __device__ __forceinline__ void unrank(const Part& part, long long position, int* m) {
    int element = 0;
#pragma unroll
    for (int i = 0; i < M; i++) {
        const long long* before = part.before + (long long)i * (part.n - 1);
        const long long target = position + before[element];
        int low = element, high = part.n - 3;
        while (low < high) {
            const int middle = (low + high + 1) >> 1;
            if (before[middle] <= target) low = middle;
            else high = middle - 1;
        }
        position = target - before[low];
        m[i] = low;
        element = low + 1;
    }
}

// The next prefix; whether it has another stem.
template <int M> __device__ __forceinline__ bool step(const Part& part, int* m) {
    int i = M - 1;
#pragma unroll
    for (int j = M - 1; j > 0; j--)
        if (i == j && m[j] == part.n - 2 - M + j) i = j - 1;
#pragma unroll
    for (int j = 0; j < M; j++) {
        if (j == i) m[j]++;
        if (j > i) m[j] = m[j - 1 < 0 ? 0 : j - 1] + 1;
    }
    return i < M - 1;
}

// What a group of G threads does: chunks of prefixes, by ticket, until there are none. A ticket is for one slice of the
// pairs of each of its prefixes.
template <typename T, int M, int A, int B, int G> __device__ __forceinline__ void walk(const Part& part, char* memory) {
    const Shared<T, M> at(memory, part.lanes);
    for (;;) {
        if (threadIdx.x == 0) *at.ticket = atomicAdd(part.count + 2, 1ULL);
        sync_group<G>();  // BARRIER: the ticket is there
        const long long ticket = (long long)*at.ticket;
        const int slice = (int)(ticket % part.slices);
        const long long first = part.start + ticket / part.slices * part.chunk;
        if (first >= part.stop) return;
        const long long last = first + part.chunk < part.stop ? first + part.chunk : part.stop;
        int m[M];
        unrank<M>(part, first, m);
        bool fresh = M > 1;
        State stem = SOUND;
        double det = 1, p[M];
        for (long long prefix = first; prefix < last; prefix++) {
            if (fresh) stem = make_stem<T, M, G>(part, at, m, det, p);
            sync_group<G>();  // BARRIER: the stem is there, and nobody reads its last child, or the ticket, any more
            const int c = part.n - 1 - m[M - 1];
            Limits<T> limits;
            const State state = stem == SOUND ? make_prefix<T, M, A, B, G>(part, at, c, det, p, limits) : stem;
            if (state == SOUND) {
                sync_group<G>();  // BARRIER: the child is there
                // wide tiles where registers hold them and tails fill them
                constexpr bool narrow = M > (sizeof(T) == 8 ? 7 : 10);
                if constexpr (narrow) tiles<T, M, A, B, G, 2>(part, at, limits, prefix, slice, c);
                else if (M > 4 && c <= 24) tiles<T, M, A, B, G, 2>(part, at, limits, prefix, slice, c);
                else tiles<T, M, A, B, G, 4>(part, at, limits, prefix, slice, c);
            } else if (state == WEAK) {
                for (int x = (int)threadIdx.x + G * slice; x < c - 1; x += G * part.slices)
                    for (int y = x + 1; y < c; y++) put(part, prefix, x, y);
            } else if (slice == 0 && threadIdx.x == 0) {
                atomicAdd(part.count + 1, (unsigned long long)c * (c - 1) / 2);
            }
            fresh = prefix + 1 < last && step<M>(part, m);
        }
    }
}
