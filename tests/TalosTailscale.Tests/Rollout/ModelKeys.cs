using System.Numerics;

namespace TalosTailscale.Tests.Rollout;

/// <summary>A set of states: eight bytes each and nothing beside, since there are hundreds of millions of them.</summary>
internal sealed class ModelKeys
{
    private const ulong Free = ulong.MaxValue;

    private ulong[] _slots = NewSlots(1 << 12);
    private int _count;

    /// <summary>Adds a state.</summary>
    /// <returns>Whether it is new.</returns>
    public bool Add(ulong key)
    {
        if (_count >= _slots.Length / 4 * 3)
            Grow();
        ref ulong slot = ref Slot(_slots, key);
        if (slot == key)
            return false;
        slot = key;
        _count++;
        return true;
    }

    /// <summary>Whether a state is in it.</summary>
    public bool Contains(ulong key) => Slot(_slots, key) == key;

    private static ref ulong Slot(ulong[] slots, ulong key)
    {
        ulong mask = (ulong)slots.Length - 1;
        ulong at = (key * 0x9E3779B97F4A7C15) >> (64 - BitOperations.Log2((uint)slots.Length));
        while (slots[at] != key && slots[at] != Free)
            at = (at + 1) & mask;
        return ref slots[at];
    }

    private void Grow()
    {
        ulong[] larger = NewSlots(_slots.Length * 2);
        foreach (ulong key in _slots)
            if (key != Free)
                Slot(larger, key) = key;
        _slots = larger;
    }

    private static ulong[] NewSlots(int length)
    {
        var slots = new ulong[length];
        Array.Fill(slots, Free);
        return slots;
    }
}
