// Prefixes one after the other, and the stack of what the first members of one leave to the others.
//
// Lanes run backwards, lane l is variable n - 1 - l: the variables behind a prefix are lanes 0 to c - 1, aligned for
// every prefix.

enum State { SOUND, WEAK, SINGULAR };  // of a set: of a weak prefix every pair is handed over

// What it is to add a member of variance s to members who are sound; traces of the inverse, without and with it.
__device__ __forceinline__ int judge(const Part& part, double s, double without, double with) {
    if (s <= part.tolerance && without <= part.sure) return SINGULAR;
    return s >= part.near && with <= part.largest ? SOUND : WEAK;
}

// The stem of one matrix: its members from the level `valid` on, which is advanced, are put on the stack.
template <typename T, int M, int G>
__device__ __forceinline__ int make_stem(
    const Part& part, const Plane<T, M>& at, const int* member, const double* R, const double* weight, int& valid
) {
    const int W = part.lanes;
    for (int i = valid; i < M - 1; i++) {
        const int lane = part.n - 1 - member[i];
        const double *S = at.S + at.row(i) * W, *squares_of = at.squares + at.row(i) * W;
        const double s = i > 0 ? S[lane] : 1.0, is = inverse(s), rs = sqrt(is);
        const double without = i > 0 ? at.trace[i] : 0.0;
        const double with = without + is * (1.0 + (i > 0 ? squares_of[lane] : 0.0));
        const int state = judge(part, s, without, with);
        if (state != SOUND) return state;
        const double *U = at.U + at.rows(i) * W, *R_lane = R + lane * part.pitch;
        double *deeper = at.U + at.rows(i + 1) * W;
        for (int j = threadIdx.x; j <= i; j += G) {
            const double u = j < i ? U[j * W + lane] : 1.0;
            at.p[(i + 1) * M + j] = j < i ? fma(u * u, is, at.p[i * M + j]) : is;
        }
        if (threadIdx.x == 0) {
            at.det[i + 1] = (i > 0 ? at.det[i] : 1.0) * s * (weight ? weight[lane] : 1.0);
            at.trace[i + 1] = with;
        }
        for (int l = threadIdx.x; l < lane; l += G) {
            double q = R_lane[l];
#pragma unroll 4
            for (int j = 0; j < i; j++) q = fma(-at.V[j * W + lane], at.V[j * W + l], q);
            const double e = q * is;
            double squares = e * e;
#pragma unroll 4
            for (int j = 0; j < i; j++) {
                const double u = fma(-U[j * W + lane], e, U[j * W + l]);
                deeper[j * W + l] = u;
                squares = fma(u, u, squares);
            }
            deeper[i * W + l] = e;
            at.V[i * W + l] = q * rs;
            if (sizeof(T) < 8) at.coarse[i * W + l] = (T)(q * rs);
            at.S[at.row(i + 1) * W + l] = fma(-q, e, i > 0 ? S[l] : 1.0);
            at.squares[at.row(i + 1) * W + l] = squares;
        }
        valid = i + 1;
        sync_group<G>();  // BARRIER: the member is in
    }
    return SOUND;
}

// How many levels of the stack are left when the members from a place on are others.
template <typename T, int M> __device__ __forceinline__ int left_over(int valid, int changed) {
    const int least = valid < changed ? valid : changed;
    return least < Plane<T, M>::LOWEST && valid > least ? 0 : least;
}

// The members of the prefix at a position.
template <int M> __device__ __forceinline__ void unrank(const Part& part, long long position, int* member) {
    int element = 0;
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
        member[i] = low;
        element = low + 1;
    }
}

// The first prefix of the next stem; the place of the first member that is another one.
template <int M> __device__ __forceinline__ int step(const Part& part, int* member) {
    int i = M - 2;
    while (i > 0 && member[i] == part.n - 2 - M + i) i--;
    member[i]++;
    for (int j = i + 1; j < M; j++) member[j] = member[j - 1] + 1;
    return i;
}
