//! Small charts for terminals: a bar of eight heights for each stretch of time.

/// From nothing to everything.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A chart of those values, one character each: the largest is full height, nothing is a dot.
pub(super) fn spark(values: &[f64]) -> String {
    let most = values.iter().copied().fold(0.0, f64::max);
    values
        .iter()
        .map(|value| {
            if *value <= 0.0 || most <= 0.0 {
                return '·';
            }
            let height = (value / most * HEIGHTS.len() as f64).ceil() as usize;
            HEIGHTS[height.clamp(1, HEIGHTS.len()) - 1]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_largest_is_full_and_nothing_is_a_dot() {
        assert_eq!(super::spark(&[0.0, 1.0, 4.0, 8.0]), "·▁▄█");
        assert_eq!(super::spark(&[0.0, 0.0]), "··");
        assert_eq!(super::spark(&[1e-9, 1.0]), "▁█");
        assert_eq!(super::spark(&[]), "");
    }
}
