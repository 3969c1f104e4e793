using System.Runtime.InteropServices;
using System.Text;

namespace TalosTailscale.Core.MachineConfig;

/// <summary>
/// Secret values, found in a text in one pass however many there are: by their first four characters, their length and
/// a hash. The values themselves are not kept. Thread-safe.
/// </summary>
/// <remarks>Two values of one hash, one start and one length mask too much, once in four thousand million times.</remarks>
/// <param name="capacity">How many are kept; beyond it the oldest go.</param>
internal sealed class SecretSet(int capacity = int.MaxValue)
{
    /// <summary>Shorter values would mask ordinary words.</summary>
    public const int MinimumLength = 6;

    private readonly Dictionary<ulong, Dictionary<int, HashSet<int>>> _byStart = [];
    private readonly Queue<(ulong Start, int Length, int Hash)> _order = new();

    /// <summary>Adds a value; those that are too short are left out.</summary>
    public void Add(string secret)
    {
        if (secret.Length < MinimumLength)
            return;
        ulong start = Start(secret);
        int hash = Hash(secret);
        lock (_order)
        {
            if (!_byStart.TryGetValue(start, out Dictionary<int, HashSet<int>>? byLength))
                _byStart.Add(start, byLength = []);
            if (!byLength.TryGetValue(secret.Length, out HashSet<int>? hashes))
                byLength.Add(secret.Length, hashes = []);
            if (!hashes.Add(hash))
                return;
            _order.Enqueue((start, secret.Length, hash));
            if (_order.Count > capacity)
                RemoveOldest();
        }
    }

    /// <summary>The text with every value masked, those that overlap as one.</summary>
    /// <returns>The same instance when there was nothing to mask.</returns>
    public string Mask(string text, string mask)
    {
        List<(int From, int To)> found = [];
        lock (_order)
        {
            if (_order.Count == 0)
                return text;
            for (int at = 0; at <= text.Length - MinimumLength; at++)
            {
                int length = LengthAt(text.AsSpan(at));
                if (length == 0)
                    continue;
                if (found.Count > 0 && at < found[^1].To)
                    found[^1] = (found[^1].From, Math.Max(found[^1].To, at + length));
                else
                    found.Add((at, at + length));
            }
        }

        if (found.Count == 0)
            return text;
        var masked = new StringBuilder(text.Length);
        int written = 0;
        foreach ((int from, int to) in found)
        {
            masked.Append(text, written, from - written).Append(mask);
            written = to;
        }

        return masked.Append(text, written, text.Length - written).ToString();
    }

    // The characters themselves: four are eight bytes.
    private static ulong Start(ReadOnlySpan<char> text) => MemoryMarshal.Read<ulong>(MemoryMarshal.AsBytes(text[..4]));

    private static int Hash(ReadOnlySpan<char> text) => string.GetHashCode(text);

    private int LengthAt(ReadOnlySpan<char> text)
    {
        if (!_byStart.TryGetValue(Start(text), out Dictionary<int, HashSet<int>>? byLength))
            return 0;
        int longest = 0;
        foreach ((int length, HashSet<int> hashes) in byLength)
        {
            if (length > longest && length <= text.Length && hashes.Contains(Hash(text[..length])))
                longest = length;
        }

        return longest;
    }

    private void RemoveOldest()
    {
        (ulong start, int length, int hash) = _order.Dequeue();
        Dictionary<int, HashSet<int>> byLength = _byStart[start];
        byLength[length].Remove(hash);
        if (byLength[length].Count == 0)
            byLength.Remove(length);
        if (byLength.Count == 0)
            _byStart.Remove(start);
    }
}
