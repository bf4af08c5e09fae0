//! Slots in order of their last use: the oldest is found, and any is moved to the end, in constant time.

/// Where a value stands in an [`Lru`]. Ids are not reused for another value while the first may still be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SlotId {
    index: usize,
    generation: u32,
}

/// Values kept in slots that are linked from the least to the most recently used.
#[derive(Debug)]
pub(super) struct Lru<T> {
    slots: Vec<Slot<T>>,
    free: Vec<usize>,
    oldest: Option<usize>,
    newest: Option<usize>,
    len: usize,
}

#[derive(Debug)]
struct Slot<T> {
    value: Option<T>,
    generation: u32,
    older: Option<usize>,
    newer: Option<usize>,
}

impl<T> Lru<T> {
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), oldest: None, newest: None, len: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Puts `value` in as the most recently used.
    pub(super) fn insert(&mut self, value: T) -> SlotId {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { value: None, generation: 0, older: None, newer: None });
            self.slots.len() - 1
        });
        let mut generation = 0;
        if let Some(slot) = self.slots.get_mut(index) {
            slot.value = Some(value);
            generation = slot.generation;
        }
        self.link_newest(index);
        self.len += 1;
        SlotId { index, generation }
    }

    pub(super) fn get_mut(&mut self, id: SlotId) -> Option<&mut T> {
        let slot = self.slots.get_mut(id.index)?;
        if slot.generation == id.generation { slot.value.as_mut() } else { None }
    }

    pub(super) fn get(&self, id: SlotId) -> Option<&T> {
        let slot = self.slots.get(id.index)?;
        if slot.generation == id.generation { slot.value.as_ref() } else { None }
    }

    /// Makes `id` the most recently used.
    pub(super) fn touch(&mut self, id: SlotId) {
        if self.get(id).is_some() && self.newest != Some(id.index) {
            self.unlink(id.index);
            self.link_newest(id.index);
        }
    }

    /// The least recently used slot.
    pub(super) fn oldest(&self) -> Option<SlotId> {
        let index = self.oldest?;
        let slot = self.slots.get(index)?;
        Some(SlotId { index, generation: slot.generation })
    }

    pub(super) fn remove(&mut self, id: SlotId) -> Option<T> {
        self.get(id)?;
        self.unlink(id.index);
        let slot = self.slots.get_mut(id.index)?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(id.index);
        self.len -= 1;
        slot.value.take()
    }

    fn unlink(&mut self, index: usize) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        let (older, newer) = (slot.older.take(), slot.newer.take());
        match older.and_then(|older| self.slots.get_mut(older)) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
        match newer.and_then(|newer| self.slots.get_mut(newer)) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
    }

    fn link_newest(&mut self, index: usize) {
        let before = self.newest.replace(index);
        if let Some(slot) = self.slots.get_mut(index) {
            slot.older = before;
            slot.newer = None;
        }
        match before.and_then(|before| self.slots.get_mut(before)) {
            Some(slot) => slot.newer = Some(index),
            None => self.oldest = Some(index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_follows_use_not_insertion() {
        let mut lru = Lru::new();
        let a = lru.insert('a');
        let b = lru.insert('b');
        let c = lru.insert('c');
        lru.touch(a);
        let mut order = Vec::new();
        while let Some(id) = lru.oldest() {
            order.extend(lru.remove(id));
        }
        assert_eq!(order, ['b', 'c', 'a']);
        assert_eq!(lru.len(), 0);
        let _ = (b, c);
    }

    #[test]
    fn an_id_does_not_find_the_next_tenant_of_its_slot() {
        let mut lru = Lru::new();
        let first = lru.insert(1);
        assert_eq!(lru.remove(first), Some(1));
        let second = lru.insert(2);
        assert_eq!(lru.get_mut(first), None);
        assert_eq!(lru.remove(first), None);
        assert_eq!(lru.get_mut(second), Some(&mut 2));
    }

    #[test]
    fn the_middle_one_can_leave() {
        let mut lru = Lru::new();
        lru.insert('a');
        let b = lru.insert('b');
        lru.insert('c');
        assert_eq!(lru.remove(b), Some('b'));
        let a = lru.oldest().unwrap();
        assert_eq!(lru.remove(a), Some('a'));
        let c = lru.oldest().unwrap();
        assert_eq!(lru.remove(c), Some('c'));
        assert_eq!(lru.oldest(), None);
    }
}
