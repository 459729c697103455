//! Go's sort.Sort: not stable, but the same for the same input.
//!
//! Go: sort/zsortinterface.go, a pattern-defeating quicksort. The order that equal elements end in depends on
//! each comparison and exchange, so this does them in the same order.

/// What sort.Interface asks of a collection; an error ends the sorting.
#[expect(clippy::len_without_is_empty, reason = "as Go's sort.Interface")]
pub trait Interface {
    /// Why two elements could not be compared.
    type Error;

    /// How many elements there are.
    fn len(&self) -> usize;
    /// Whether the element at `i` comes before the one at `j`.
    fn less(&mut self, i: usize, j: usize) -> Result<bool, Self::Error>;
    /// Exchanges two elements.
    fn swap(&mut self, i: usize, j: usize);
}

/// Go: sort.Sort.
pub fn sort<D: Interface>(data: &mut D) -> Result<(), D::Error> {
    let n = data.len();
    if n <= 1 {
        return Ok(());
    }
    let limit = usize::BITS - n.leading_zeros();
    pdqsort(data, 0, n, limit)
}

fn insertion_sort<D: Interface>(data: &mut D, a: usize, b: usize) -> Result<(), D::Error> {
    for i in a + 1..b {
        let mut j = i;
        while j > a && data.less(j, j - 1)? {
            data.swap(j, j - 1);
            j -= 1;
        }
    }
    Ok(())
}

fn sift_down<D: Interface>(data: &mut D, lo: usize, hi: usize, first: usize) -> Result<(), D::Error> {
    let mut root = lo;
    loop {
        let mut child = 2 * root + 1;
        if child >= hi {
            return Ok(());
        }
        if child + 1 < hi && data.less(first + child, first + child + 1)? {
            child += 1;
        }
        if !data.less(first + root, first + child)? {
            return Ok(());
        }
        data.swap(first + root, first + child);
        root = child;
    }
}

fn heap_sort<D: Interface>(data: &mut D, a: usize, b: usize) -> Result<(), D::Error> {
    let hi = b - a;
    for i in (0..=(hi - 1) / 2).rev() {
        sift_down(data, i, hi, a)?;
    }
    for i in (0..hi).rev() {
        data.swap(a, a + i);
        sift_down(data, 0, i, a)?;
    }
    Ok(())
}

#[derive(PartialEq)]
enum SortedHint {
    Unknown,
    Increasing,
    Decreasing,
}

fn pdqsort<D: Interface>(data: &mut D, mut a: usize, mut b: usize, mut limit: u32) -> Result<(), D::Error> {
    const MAX_INSERTION: usize = 12;
    let (mut was_balanced, mut was_partitioned) = (true, true);
    loop {
        let length = b - a;
        if length <= MAX_INSERTION {
            return insertion_sort(data, a, b);
        }
        if limit == 0 {
            return heap_sort(data, a, b);
        }
        if !was_balanced {
            break_patterns(data, a, b);
            limit -= 1;
        }
        let (mut pivot, mut hint) = choose_pivot(data, a, b)?;
        if hint == SortedHint::Decreasing {
            reverse_range(data, a, b);
            pivot = (b - 1) - (pivot - a);
            hint = SortedHint::Increasing;
        }
        if was_balanced
            && was_partitioned
            && hint == SortedHint::Increasing
            && partial_insertion_sort(data, a, b)?
        {
            return Ok(());
        }
        if a > 0 && !data.less(a - 1, pivot)? {
            a = partition_equal(data, a, b, pivot)?;
            continue;
        }
        let (mid, already_partitioned) = partition(data, a, b, pivot)?;
        was_partitioned = already_partitioned;
        let (left, right) = (mid - a, b - mid);
        let threshold = length / 8;
        if left < right {
            was_balanced = left >= threshold;
            pdqsort(data, a, mid, limit)?;
            a = mid + 1;
        } else {
            was_balanced = right >= threshold;
            pdqsort(data, mid + 1, b, limit)?;
            b = mid;
        }
    }
}

/// Elements below the pivot first, then the pivot, then the others; and whether it was so before.
fn partition<D: Interface>(
    data: &mut D,
    a: usize,
    b: usize,
    pivot: usize,
) -> Result<(usize, bool), D::Error> {
    data.swap(a, pivot);
    let (mut i, mut j) = (a + 1, b - 1);
    let mut first = true;
    loop {
        while i <= j && data.less(i, a)? {
            i += 1;
        }
        while i <= j && !data.less(j, a)? {
            j -= 1;
        }
        if i > j {
            data.swap(j, a);
            return Ok((j, first));
        }
        first = false;
        data.swap(i, j);
        i += 1;
        j -= 1;
    }
}

/// Elements equal to the pivot first, then the larger ones; there are no smaller ones.
fn partition_equal<D: Interface>(data: &mut D, a: usize, b: usize, pivot: usize) -> Result<usize, D::Error> {
    data.swap(a, pivot);
    let (mut i, mut j) = (a + 1, b - 1);
    loop {
        while i <= j && !data.less(a, i)? {
            i += 1;
        }
        while i <= j && data.less(a, j)? {
            j -= 1;
        }
        if i > j {
            return Ok(i);
        }
        data.swap(i, j);
        i += 1;
        j -= 1;
    }
}

fn partial_insertion_sort<D: Interface>(data: &mut D, a: usize, b: usize) -> Result<bool, D::Error> {
    const MAX_STEPS: usize = 5;
    const SHORTEST_SHIFTING: usize = 50;
    let mut i = a + 1;
    for _ in 0..MAX_STEPS {
        while i < b && !data.less(i, i - 1)? {
            i += 1;
        }
        if i == b {
            return Ok(true);
        }
        if b - a < SHORTEST_SHIFTING {
            return Ok(false);
        }
        data.swap(i, i - 1);
        if i - a >= 2 {
            let mut j = i - 1;
            while j >= 1 && data.less(j, j - 1)? {
                data.swap(j, j - 1);
                j -= 1;
            }
        }
        if b - i >= 2 {
            let mut j = i + 1;
            while j < b && data.less(j, j - 1)? {
                data.swap(j, j - 1);
                j += 1;
            }
        }
    }
    Ok(false)
}

fn break_patterns<D: Interface>(data: &mut D, a: usize, b: usize) {
    let length = b - a;
    if length < 8 {
        return;
    }
    let mut random = length as u64;
    let modulus = 1_u64 << (usize::BITS - length.leading_zeros());
    let middle = a + (length / 4) * 2;
    for idx in middle - 1..=middle + 1 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let mut other = (random & (modulus - 1)) as usize;
        if other >= length {
            other -= length;
        }
        data.swap(idx, a + other);
    }
}

fn choose_pivot<D: Interface>(data: &mut D, a: usize, b: usize) -> Result<(usize, SortedHint), D::Error> {
    const SHORTEST_NINTHER: usize = 50;
    const MAX_SWAPS: usize = 4 * 3;
    let l = b - a;
    let mut swaps = 0;
    let (mut i, mut j, mut k) = (a + l / 4, a + l / 4 * 2, a + l / 4 * 3);
    if l >= 8 {
        if l >= SHORTEST_NINTHER {
            i = median(data, i - 1, i, i + 1, &mut swaps)?;
            j = median(data, j - 1, j, j + 1, &mut swaps)?;
            k = median(data, k - 1, k, k + 1, &mut swaps)?;
        }
        j = median(data, i, j, k, &mut swaps)?;
    }
    let hint = match swaps {
        0 => SortedHint::Increasing,
        MAX_SWAPS => SortedHint::Decreasing,
        _ => SortedHint::Unknown,
    };
    Ok((j, hint))
}

fn order2<D: Interface>(
    data: &mut D,
    a: usize,
    b: usize,
    swaps: &mut usize,
) -> Result<(usize, usize), D::Error> {
    if data.less(b, a)? {
        *swaps += 1;
        return Ok((b, a));
    }
    Ok((a, b))
}

fn median<D: Interface>(
    data: &mut D,
    a: usize,
    b: usize,
    c: usize,
    swaps: &mut usize,
) -> Result<usize, D::Error> {
    let (a, b) = order2(data, a, b, swaps)?;
    let (b, _) = order2(data, b, c, swaps)?;
    let (_, b) = order2(data, a, b, swaps)?;
    Ok(b)
}

fn reverse_range<D: Interface>(data: &mut D, a: usize, b: usize) {
    let (mut i, mut j) = (a, b - 1);
    while i < j {
        data.swap(i, j);
        i += 1;
        j -= 1;
    }
}
