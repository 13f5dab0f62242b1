//! The order of SRV records (RFC 2782): by priority, and by lot within one, in proportion to the weights.

use crate::base::Dice;

/// One SRV record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Service {
    pub(super) priority: u16,
    pub(super) weight: u16,
    pub(super) port: u16,
    pub(super) target: String,
}

/// Draws the order in which they are tried.
pub(super) fn order(mut services: Vec<Service>, dice: &mut Dice) -> Vec<Service> {
    // RFC 2782: those of weight zero stand first in the draw, so that they have a small chance.
    // The target makes the draw depend on the seed alone, and not on the order of the answer.
    services.sort_by(|a, b| {
        (a.priority, a.weight != 0, &a.target, a.port).cmp(&(
            b.priority,
            b.weight != 0,
            &b.target,
            b.port,
        ))
    });
    let mut ordered = Vec::with_capacity(services.len());
    while let Some(priority) = services.first().map(|service| service.priority) {
        let same = services.iter().take_while(|service| service.priority == priority);
        let total: u64 = same.clone().map(|service| u64::from(service.weight)).sum();
        let drawn = dice.below(total + 1);
        let mut sum = 0;
        let chosen = same.clone().position(|service| {
            sum += u64::from(service.weight);
            sum >= drawn
        });
        ordered.push(services.remove(chosen.unwrap_or(0)));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn service(priority: u16, weight: u16, target: &str) -> Service {
        Service { priority, weight, port: 5060, target: target.into() }
    }

    #[test]
    fn priorities_come_in_order_and_weights_by_lot() {
        let services =
            || vec![service(20, 5, "last"), service(10, 75, "big"), service(10, 25, "small")];
        let mut dice = Dice::new(7);
        let mut first = BTreeMap::new();
        for _ in 0..10_000 {
            let ordered = order(services(), &mut dice);
            assert_eq!(ordered[2].target, "last");
            *first.entry(ordered[0].target.clone()).or_insert(0) += 1;
        }
        assert!((7_300..7_700).contains(&first["big"]), "{first:?}");
        assert!((2_300..2_700).contains(&first["small"]), "{first:?}");
    }

    #[test]
    fn a_weight_of_zero_is_a_small_chance() {
        let mut dice = Dice::new(7);
        let services = || vec![service(1, 0, "none"), service(1, 99, "all")];
        let firsts = (0..10_000).filter(|_| order(services(), &mut dice)[0].target == "none");
        assert!((50..200).contains(&firsts.count()));
        // All at zero: any order will do, and all of them come.
        assert_eq!(order(vec![service(1, 0, "a"), service(1, 0, "b")], &mut dice).len(), 2);
        assert_eq!(order(vec![], &mut dice), []);
    }
}
