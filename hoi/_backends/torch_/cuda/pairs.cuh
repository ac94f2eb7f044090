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
// With two matrices (P = 2: the variables, and the same given a target) the score is the quotient of both products.
// Nothing is divided by the second one: it is multiplied by the thresholds.

__device__ __forceinline__ void put(const Part& part, long long prefix, int x, int y, double score) {
    const long long at = (long long)atomicAdd(part.count, 1ULL);
    const long long n = part.n;
    // the smaller variable first, which is the larger lane
    if (at < part.capacity) part.out[at] = {((prefix - part.start) * n + (n - 1 - y)) * n + (n - 1 - x), score};
}

// What x takes the thresholds by.
template <typename T, int A, int B> __device__ __forceinline__ T share(T sx, T ix) {
    if constexpr (A >= B) return power<T, A - B>(ix);
    else return power<T, B - A>(sx);
}

// The logarithm of what the score has of the prefix that a stem becomes with lane c.
template <typename T, int M, int A, int B>
__device__ __forceinline__ double score_of_prefix(const Part& part, const Plane<T, M>& at, int c, double weight) {
    const double s = M > 1 ? at.S[at.row(M - 1) * part.lanes + c] : 1.0, is = inverse(s);
    double product = is;
    for (int j = 0; j < M - 1; j++) product *= at.diagonal(j, c, is, part.lanes);
    return A * log((M > 1 ? at.det[M - 1] : 1.0) * s * weight) + B * log(product);
}

// What the screen says of lanes x0 and y0 on, X by E, behind a child: whether some pair is of interest. So is what is no
// number, or may have left the range of normal numbers. Of a single pair that the screen can tell, `score` takes the
// logarithm, but for the prefix.
template <typename T, int P, int M, int A, int B, int X, int E>
__device__ __forceinline__ bool tile(
    const Part& part, const Shared<T, P, M>& at, int k, int c, int x0, int y0, double* score = nullptr
) {
    const int W = part.lanes, room = part.room, pitch = part.pitch, first = at.first[k];
    bool some = false;
    T v[P][X][E], by[X];
#pragma unroll
    for (int plane = 0; plane < P; plane++) {
        const Plane<T, M>& own = at.plane[plane];
        const T* Q = (const T*)part.Q + (long long)plane * part.lanes * pitch;
        T q[X][E], s2[X][E], i2[X][E], sx[X], ix[X], sy[E];
#pragma unroll
        for (int a = 0; a < X; a++) load<T, E>(q[a], Q + (x0 + a) * pitch + y0);
#pragma unroll (P == 2 ? 2 : M <= UNROLLED ? M : UNROLLED / 2)
        for (int j = 0; j < M; j++) {
            const T* row = j < M - 1 ? own.coarse + j * W : own.v + first;
            T vx[X], vy[E];
            load<T, X>(vx, row + x0);
            load<T, E>(vy, row + y0);
#pragma unroll
            for (int a = 0; a < X; a++)
#pragma unroll
                for (int b = 0; b < E; b++) q[a][b] = fma(-vx[a], vy[b], q[a][b]);
        }
        if (E > 1 && (y0 < x0 + X || y0 + E > c)) {  // what is no pair passes for an independent one
#pragma unroll
            for (int a = 0; a < X; a++)
#pragma unroll
                for (int b = 0; b < E; b++)
                    if (x0 + a >= y0 + b || y0 + b >= c) q[a][b] = 0;
        }
        load<T, X>(sx, own.s + first + x0);
        load<T, X>(ix, own.i + first + x0);
        load<T, E>(sy, own.s + first + y0);
#pragma unroll
        for (int a = 0; a < X; a++) {
            if (plane == 0) by[a] = share<T, A, B>(sx[a], ix[a]);
            else by[a] *= share<T, A, B>(ix[a], sx[a]) * power<T, A>(((const T*)part.F)[x0 + a]);
#pragma unroll
            for (int b = 0; b < E; b++) {
                const T slope = q[a][b] * ix[a];
                s2[a][b] = fma(-q[a][b], slope, sy[b]);
                i2[a][b] = inverse(s2[a][b]);
                q[a][b] = slope;
                v[plane][a][b] = B != 0 ? sy[b] : (T)1;
                some = some | !(s2[a][b] >= (T)part.near);
            }
        }
        if constexpr (B != 0) {
#pragma unroll (P == 2 ? 2 : M <= UNROLLED ? M : UNROLLED / 2)
            for (int j = 0; j < M; j++) {
                T ux[X], hx[X], uy[E];
                load<T, X>(ux, own.u + j * room + first + x0);
                load<T, X>(hx, own.h + j * room + first + x0);
                load<T, E>(uy, own.u + j * room + first + y0);
#pragma unroll
                for (int a = 0; a < X; a++)
#pragma unroll
                    for (int b = 0; b < E; b++) {
                        const T t = fma(-ux[a], q[a][b], uy[b]);
                        v[plane][a][b] *= fma(t * t, i2[a][b], hx[a]);
                    }
            }
        }
#pragma unroll
        for (int a = 0; a < X; a++)
#pragma unroll
            for (int b = 0; b < E; b++) {
                if constexpr (B != 0) v[plane][a][b] = power<T, B>(v[plane][a][b]);
                if constexpr (A > 2 * B) v[plane][a][b] *= power<T, A - 2 * B>(s2[a][b]);
                if constexpr (A < 2 * B) v[plane][a][b] *= power<T, 2 * B - A>(i2[a][b]);
                if constexpr (P == 2)
                    if (plane == 1) {
                        v[1][a][b] *= power<T, A>(((const T*)part.F)[y0 + b]);
                        some = some | !(v[1][a][b] > at_least_normal((T)0));
                    }
            }
    }
    if (score && !some) {
        const T tiny = at_least_normal((T)0), own = v[0][0][0], other = P == 2 ? v[P - 1][0][0] : (T)1;
        const T most = (T)1 / tiny;
        if (own > tiny && own < most && other > tiny && other < most && by[0] > tiny && by[0] < most)
            *score = log((double)own) - log((double)by[0]) - log((double)other);
    }
#pragma unroll
    for (int a = 0; a < X; a++) {
        const T low = at.low[k] * by[a], high = at.high[k] * by[a];
#pragma unroll
        for (int b = 0; b < E; b++) {
            const T other = P == 2 ? v[P - 1][a][b] : (T)1;
            some = some | !(v[0][a][b] > at_least_normal(low * other)) | !(v[0][a][b] < high * other);
        }
    }
    return some;
}

// The logarithm of the score of a pair; no number where the screen cannot tell it.
template <typename T, int P, int M, int A, int B>
__device__ __noinline__ double score_of(const Part& part, char* memory, int k, int c, int x, int y) {
    const Shared<T, P, M> at(memory, part);
    double score = no_number();
    if (at.state[k] == SOUND) tile<T, P, M, A, B, 1, 1>(part, at, k, c, x, y, &score);
    score += score_of_prefix<T, M, A, B>(part, at.plane[0], c, 1.0);
    if (P == 2) score -= score_of_prefix<T, M, A, B>(part, at.plane[P - 1], c, part.weight[c]);
    return score;
}

// One pair of a tile in which some pair is of interest. A function of its own, as it is rare: in line, it would be most
// of the code.
template <typename T, int P, int M, int A, int B>
__device__ __noinline__ void look_at(const Part& part, char* memory, int k, int c, long long prefix, int x, int y) {
    const Shared<T, P, M> at(memory, part);
    if (at.state[k] == SOUND && !tile<T, P, M, A, B, 1, 1>(part, at, k, c, x, y)) return;
    bool singular = false;
    const T tolerance = (T)part.tolerance;
    const int X = at.first[k] + x, Y = at.first[k] + y;
#pragma unroll
    for (int plane = 0; plane < P; plane++) {
        const Plane<T, M>& own = at.plane[plane];
        const T sx = own.s[X], sy = own.s[Y];
        const double trace = own.traces[k];
        singular |= at.state[k] == SOUND && trace <= part.sure && (sx <= tolerance || sy <= tolerance);
        if (sizeof(T) == 8 && at.state[k] == SOUND) {
            // the variance of x given all others, where float64 knows it: the trace with y is at most this
            T q = ((const T*)part.Q)[((long long)plane * part.lanes + x) * part.pitch + y] - own.v[X] * own.v[Y];
            double largest = 1;
            for (int j = 0; j < M; j++) {
                if (j < M - 1) q = fma(-own.coarse[j * part.lanes + x], own.coarse[j * part.lanes + y], q);
                largest = own.h[j * part.room + Y] > largest ? own.h[j * part.room + Y] : largest;
            }
            const bool sure = sy >= (T)part.near && fma(trace, largest, 1.0 / sy) <= part.sure;
            singular |= sure && fma(-q, q / sy, sx) <= tolerance;
        }
    }
    if (singular) atomicAdd(part.count + 1, 1ULL);
    else put(part, prefix, x, y, score_of<T, P, M, A, B>(part, memory, k, c, x, y));
}

// Tiles of E by E that cover all pairs of c lanes: those on and above the diagonal of blocks.
template <int E> __device__ __forceinline__ int tiles_of(int c) {
    const int blocks = E > 1 ? (c + E - 1) / E : c - 1;
    return blocks * (blocks + 1) / 2;
}

// All pairs of the children k to `until`, in one list of tiles. Neighbours in a warp share x, and read lanes y that
// follow one another; in a sample the tiles of a slice are spread over all. One test serves a tile.
template <typename T, int P, int M, int A, int B, int G, int X, int E>
__device__ __forceinline__ void look_at_all(
    const Part& part, const Shared<T, P, M>& at, long long prefix, int longest, int k, int until, int slice
) {
    int before = 0, tasks = tiles_of<E>(longest - k);
    const int thread = (int)threadIdx.x;
    for (int task = part.every > 1 ? thread * part.slices + slice : thread + G * slice;; task += G * part.slices) {
        while (task - before >= tasks) {
            before += tasks;
            if (++k == until) return;
            tasks = tiles_of<E>(longest - k);
        }
        if (at.state[k] == SINGULAR) continue;
        const int c = longest - k, own = task - before, blocks = E > 1 ? (c + E - 1) / E : c - 1;
        int row = (int)((sqrtf(8.0f * (float)own + 1.0f) - 1.0f) * 0.5f);  // row by row, the shortest first
        row += (row + 1) * (row + 2) / 2 <= own;
        row -= row * (row + 1) / 2 > own;
        const int x0 = E * (blocks - 1 - row), y0 = E * (blocks - (E > 1) - (own - row * (row + 1) / 2));
        bool some = at.state[k] == WEAK;
#pragma unroll 1
        for (int a = 0; a < E; a += X) some = some | tile<T, P, M, A, B, X, E>(part, at, k, c, x0 + a, y0);
        if (some) {  // rare
#pragma unroll 1
            for (int slot = 0; slot < E * E; slot++) {
                const int x = x0 + slot / E, y = y0 + slot % E;
                if (x < y && y < c) look_at<T, P, M, A, B>(part, at.memory, k, c, prefix + k, x, y);
            }
        }
    }
}

// Whether a child is sound, and its numbers.
template <typename T, int P, int M, int A, int B>
__device__ __forceinline__ void judge_child(const Part& part, const Shared<T, P, M>& at, int k, int c, bool counts) {
    const int W = part.lanes;
    int worst = SOUND;
    double own = 0;
#pragma unroll
    for (int plane = 0; plane < P; plane++) {
        const Plane<T, M>& it = at.plane[plane];
        const double s = M > 1 ? it.S[it.row(M - 1) * W + c] : 1.0, is = inverse(s);
        const double without = M > 1 ? it.trace[M - 1] : 0.0;
        const double with = without + is * (1.0 + (M > 1 ? it.squares[it.row(M - 1) * W + c] : 0.0));
        const int state = judge(part, s, without, with);
        worst = state > worst ? state : worst;
        it.scale[(M - 1) * CHILDREN + k] = sqrt(s);
        it.over[k] = is;
        it.root[k] = sqrt(is);
        it.traces[k] = with;
        own += (plane == 1 ? -1.0 : 1.0) * score_of_prefix<T, M, A, B>(part, it, c, plane == 1 ? part.weight[c] : 1.0);
    }
    at.first[k] = 0;
    at.low[k] = (T)exp(part.low - own);
    at.high[k] = (T)exp(part.high - own);
    at.state[k] = worst;
    if (worst == SINGULAR && counts) atomicAdd(part.count + 1, (unsigned long long)c * (c - 1) / 2);
}

// What the members of the stem of some children are scaled by, one member of a child a thread.
template <typename T, int M, int G>
__device__ __forceinline__ void make_scales(const Part& part, const Plane<T, M>& at, int longest, int children) {
    for (int i = threadIdx.x; i < children * (M - 1); i += G) {
        const int j = i / children, k = i - j * children, c = longest - k;
        const double is = inverse(at.S[at.row(M - 1) * part.lanes + c]);
        at.scale[j * CHILDREN + k] = rsqrt(at.diagonal(j, c, is, part.lanes));
    }
}

// What the last member of a child leaves to a lane behind it, in the type of the screen; lanes l from c on are filled up.
template <typename T, int M>
__device__ __forceinline__ void make_lane(
    const Part& part, const Plane<T, M>& at, const double* R, int k, int c, int l, int place
) {
    const int W = part.lanes, room = part.room;
    const double* U = at.U + at.rows(M - 1) * W;
    const double is = at.over[k];
    double q = 0, e = 0, left = 1, squares = 1;
    if (l < c) {
        q = R[c * part.pitch + l];
        left = M > 1 ? at.S[at.row(M - 1) * W + l] : 1.0;
#pragma unroll 4
        for (int j = 0; j < M - 1; j++) q = fma(-at.V[j * W + c], at.V[j * W + l], q);
        e = q * is;
        left = fma(-q, e, left);
        squares = fma(e, e, squares);
    }
    at.v[place] = (T)(q * at.root[k]);
    // an x that is near-singular is no number, so that every test of it fails; so is one with which a variance of `near`
    // might make the trace of the inverse too large
    const double over = left >= part.near ? inverse(left) : no_number();
#pragma unroll 4
    for (int j = 0; j < M; j++) {
        double u = j < M - 1 && l < c ? fma(-U[j * W + c], e, U[j * W + l]) : j < M - 1 ? 0 : e;
        if (j < M - 1) squares = fma(u, u, squares);
        u *= at.scale[j * CHILDREN + k];
        at.u[j * room + place] = (T)u;
        at.h[j * room + place] = (T)fma(u * u, over, 1.0);
    }
    const bool sound = l >= c || at.traces[k] * left + squares <= part.trace * left;
    at.s[place] = (T)left;
    at.i[place] = (T)(sound ? over : no_number());
}

// The children of a stem, lanes `child` and below: judged many at a time, one thread each, and looked at one by one, or
// where they are short as many together as there is room for.
template <typename T, int P, int M, int A, int B, int G>
__device__ __forceinline__ void look_at_children(
    const Part& part, const Shared<T, P, M>& at, long long prefix, int child, int count, int slice
) {
    constexpr int MOST = G < CHILDREN ? G : CHILDREN, LONG = 24;
    const int own = (int)threadIdx.x;
    for (int done = 0; done < count; done += MOST) {
        const int longest = child - done, batch = count - done < MOST ? count - done : MOST;
        if (done > 0) sync_group<G>();  // BARRIER: nobody reads what is known of the last children
        if (own < batch) judge_child<T, P, M, A, B>(part, at, own, longest - own, slice == 0);
#pragma unroll
        for (int plane = 0; plane < P; plane++) make_scales<T, M, G>(part, at.plane[plane], longest, batch);
        for (int k = 0; k < batch;) {
            const bool alone = longest - k > LONG;
            const int aligned = alone ? 3 : 1;
            int until = k, lanes = 0, begin = 0, pairs = 0;
            do {
                const int c = longest - until;
                begin = until == own ? lanes : begin;
                lanes += (c + aligned) & ~aligned;
                pairs += c * (c - 1) / 2;
                until++;
            } while (!alone && until < batch && lanes + longest - until + 1 <= part.room);
            if (!alone && own >= k && own < until) {
                at.first[own] = begin;
                for (int l = 0; l < ((longest - own + aligned) & ~aligned); l++) at.owner[begin + l] = (unsigned char)own;
            }
            sync_group<G>();  // BARRIER: the last lanes are read, and it is known where these lie
            for (int place = own; place < lanes; place += G) {
                const int of = alone ? k : at.owner[place], l = alone ? place : place - at.first[of];
#pragma unroll
                for (int plane = 0; plane < P; plane++)
                    make_lane<T, M>(
                        part, at.plane[plane], part.R + (long long)plane * part.lanes * part.pitch, of, longest - of, l,
                        place
                    );
            }
            sync_group<G>();  // BARRIER: the children are there
            // small tiles where there are few pairs for a thread
            constexpr int X = sizeof(T) == 8 || P == 2 ? 2 : 4;
            if (alone) look_at_all<T, P, M, A, B, G, X, 4>(part, at, prefix + done, longest, k, until, slice);
            else if (pairs > 2 * G) look_at_all<T, P, M, A, B, G, 2, 2>(part, at, prefix + done, longest, k, until, slice);
            else look_at_all<T, P, M, A, B, G, 1, 1>(part, at, prefix + done, longest, k, until, slice);
            k = until;
        }
    }
}

// What a group of G threads does: chunks of prefixes, by ticket, until there are none. A ticket is for one slice of the
// pairs of each of its prefixes.
template <typename T, int P, int M, int A, int B, int G> __device__ __forceinline__ void walk(const Part& part, char* memory) {
    const Shared<T, P, M> at(memory, part);
    for (;;) {
        sync_group<G>();  // BARRIER: nobody reads the last ticket, or its stems, any more
        if (threadIdx.x == 0) {
            const unsigned long long next = atomicAdd(part.count + 2, 1ULL);
            const unsigned long long ticket = *at.ticket = next * part.every + part.every / 2;
            const long long first = part.start + (long long)ticket / part.slices * part.chunk;
            if (first < part.stop) unrank<M>(part, first, at.member);
        }
        sync_group<G>();  // BARRIER: the ticket is there, and its first prefix
        const long long ticket = (long long)*at.ticket;
        const int slice = (int)(ticket % part.slices);
        const long long first = part.start + ticket / part.slices * part.chunk;
        if (first >= part.stop) return;
        const long long last = first + part.chunk < part.stop ? first + part.chunk : part.stop;
        int valid[P] = {};
        for (long long prefix = first; prefix < last;) {
            int stem = SOUND;
#pragma unroll
            for (int plane = 0; plane < P; plane++) {
                const double* R = part.R + (long long)plane * part.lanes * part.pitch;
                const double* weight = plane == 1 ? part.weight : nullptr;
                const int state = make_stem<T, M, G>(part, at.plane[plane], at.member, R, weight, valid[plane]);
                stem = state > stem ? state : stem;
            }
            const int child = part.n - 1 - at.member[M - 1];
            const int count = (int)(child - 1 < last - prefix ? child - 1 : last - prefix);
            if (stem == SOUND) {
                look_at_children<T, P, M, A, B, G>(part, at, prefix, child, count, slice);
            } else {
                for (int k = 0; k < count; k++) {
                    const int c = child - k;
                    if (stem == SINGULAR && slice == 0 && threadIdx.x == 0)
                        atomicAdd(part.count + 1, (unsigned long long)c * (c - 1) / 2);
                    if (stem == WEAK)
                        for (int x = (int)threadIdx.x + G * slice; x < c - 1; x += G * part.slices)
                            for (int y = x + 1; y < c; y++) put(part, prefix + k, x, y, no_number());
                }
            }
            prefix += count;
            if (prefix == last) break;
            sync_group<G>();  // BARRIER: nobody reads the stem any more
            if (threadIdx.x == 0) *at.changed = step<M>(part, at.member);
            sync_group<G>();  // BARRIER: the next stem's members are there
#pragma unroll
            for (int plane = 0; plane < P; plane++) valid[plane] = left_over<T, M>(valid[plane], *at.changed);
        }
    }
}
