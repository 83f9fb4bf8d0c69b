//! For how long a deploy asks the account, when calls take as long as they like.

use super::{App, FIRST, run};
use crate::aws::fake::{Fake, Latency};

const GUARDED: App = App {
    authorizers: &["door", "admin"],
    ..FIRST
};

/// The limit is 1.5 times the slowest call's time, times the calls that have to wait for each other.
#[test]
fn a_deploy_without_a_change_waits_for_its_chain_of_reads_alone() {
    /// What a call takes at the most, in ticks.
    const SLOWEST: u64 = 3;
    run(async {
        for app in [FIRST, GUARDED] {
            let aws = Fake::default();
            app.deploy(&aws).await.unwrap();
            aws.clock.start(Latency::Even);
            assert!(app.deploy_locked(&aws).await.unwrap().is_empty());
            let depth = aws.clock.now();
            for seed in 0..50 {
                aws.forget();
                aws.clock.start(Latency::Uneven(seed));
                assert!(app.deploy_locked(&aws).await.unwrap().is_empty());
                let (calls, took) = (aws.calls().len() as u64, aws.clock.now());
                assert!(2 * took <= 3 * SLOWEST * depth, "{seed}: {took} ticks");
                // One after the other they would take two ticks each.
                assert!(took < calls, "{seed}: {took} ticks for {calls} calls");
            }
        }
    });
}
