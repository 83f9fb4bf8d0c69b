//! What a receive takes, and what it does with it.

use super::super::SqsError;
use super::super::handle::Handle;
use super::{ATTEMPT_MS, Attempt, MOST_IN_FLIGHT, Offer, Phase, Received, State, Taken, Want};

impl State {
    /// Receives messages. `dead_letters` says whether there is a queue for those that were received too often.
    ///
    /// # Errors
    /// `OverLimit` if too many messages of a standard queue are in flight.
    pub(crate) fn receive(
        &mut self,
        queue: u64,
        want: &Want,
        dead_letters: bool,
        now_ms: u64,
    ) -> Result<Received, SqsError> {
        let mut received = Received::default();
        if self.deleted {
            return Err(SqsError::no_queue());
        }
        let visibility_s = want.visibility_s.unwrap_or(self.attributes.visibility_s);
        if let Some(places) = self.attempted(want) {
            for place in places {
                received
                    .taken
                    .extend(self.show(queue, place, visibility_s, now_ms));
            }
            return Ok(received);
        }
        if self.in_flight() >= MOST_IN_FLIGHT {
            if self.is_fifo() {
                received.next_ms = self.hidden.first().map(|(at, _)| *at);
                return Ok(received);
            }
            return Err(SqsError::over_limit());
        }
        let limit = match &self.attributes.redrive {
            Some(redrive) if dead_letters => redrive.receives,
            _ => u32::MAX,
        };
        let (places, dead) = match self.groups.take() {
            Some(mut groups) => {
                let chosen = groups.choose(want.most, |place| self.offer(place, limit));
                self.groups = Some(groups);
                chosen
            }
            None => self.choose(want.most, limit),
        };
        for place in dead {
            received.dead.extend(self.remove(place));
        }
        for &place in &places {
            if let Some(slot) = self.messages.get_mut(&place) {
                slot.held.receives = slot.held.receives.saturating_add(1);
                slot.held.first_received_ms.get_or_insert(now_ms);
            }
            received
                .taken
                .extend(self.show(queue, place, visibility_s, now_ms));
        }
        if let (true, Some(attempt)) = (self.is_fifo() && !places.is_empty(), &want.attempt) {
            let receives = |place: &u64| {
                let slot = self.messages.get(place)?;
                Some((*place, slot.held.receives))
            };
            let taken = places.iter().filter_map(receives).collect();
            let ends_ms = now_ms + ATTEMPT_MS;
            self.attempts
                .insert(attempt.clone(), Attempt { ends_ms, taken });
        }
        received.next_ms = self.hidden.first().map(|(at, _)| *at);
        Ok(received)
    }

    /// The messages of an earlier receive with the same attempt id, if all of them are still in flight since.
    fn attempted(&self, want: &Want) -> Option<Vec<u64>> {
        let attempt = self.attempts.get(want.attempt.as_ref()?)?;
        let in_flight = |(place, receives): &(u64, u32)| {
            self.messages.get(place).is_some_and(|slot| {
                matches!(slot.phase, Phase::InFlight(_)) && slot.held.receives == *receives
            })
        };
        attempt
            .taken
            .iter()
            .all(in_flight)
            .then(|| attempt.taken.iter().map(|(place, _)| *place).collect())
    }

    /// Hides a message for its receiver.
    fn show(&mut self, queue: u64, place: u64, visibility_s: u64, now_ms: u64) -> Option<Taken> {
        let slot = self.messages.get_mut(&place)?;
        slot.received_ms = now_ms;
        let taken = Taken {
            held: slot.held.clone(),
            handle: Handle {
                queue,
                place,
                secret: slot.secret,
                receive: slot.held.receives,
            }
            .encode(),
        };
        if visibility_s > 0 {
            self.set_phase(place, Phase::InFlight(now_ms + visibility_s * 1000));
        } else {
            self.refresh_group(place);
        }
        Some(taken)
    }

    /// What a receive does with a message.
    fn offer(&self, place: u64, limit: u32) -> Offer {
        match self.messages.get(&place) {
            Some(slot) if slot.phase != Phase::Ready => Offer::Hidden,
            Some(slot) if slot.held.receives >= limit => Offer::Dead,
            Some(_) => Offer::Take,
            None => Offer::Hidden,
        }
    }

    fn choose(&self, most: usize, limit: u32) -> (Vec<u64>, Vec<u64>) {
        let (mut taken, mut dead) = (Vec::new(), Vec::new());
        for &place in &self.ready {
            if taken.len() == most {
                break;
            }
            match self.offer(place, limit) {
                Offer::Take => taken.push(place),
                Offer::Dead => dead.push(place),
                Offer::Hidden => {}
            }
        }
        (taken, dead)
    }
}
