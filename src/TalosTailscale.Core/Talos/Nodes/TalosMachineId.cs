using System.Numerics;

namespace TalosTailscale.Core.Talos;

/// <summary>
/// The id of a machine that Talos makes of its identity, writes to <c>/etc/machine-id</c> and has its kubelet report:
/// the first 16 bytes of the identity. Format: siderolabs/talos internal/app/machined/pkg/adapters/cluster/identity.go,
/// jxskiss/base62.
/// </summary>
internal static class TalosMachineId
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private const int Length = 16;

    /// <summary>The machine id that belongs to an identity.</summary>
    /// <param name="nodeId">The identity, as <c>Identities.cluster.talos.dev</c> and cluster members have it.</param>
    /// <returns>32 hexadecimal digits, lower case; null where the text is no identity.</returns>
    internal static string? Of(string nodeId)
    {
        byte[]? identity = Decode(nodeId);
        return identity is { Length: >= Length } ? Convert.ToHexString(identity, 0, Length).ToLowerInvariant() : null;
    }

    // Six bits a character, from the end of the bytes to their start; a character whose value is 1111x has only five.
    private static byte[]? Decode(string text)
    {
        var bytes = new List<byte>();
        int bits = 0;
        int held = 0;
        for (int i = 0; i < text.Length; i++)
        {
            int value = Alphabet.IndexOf(text[i], StringComparison.Ordinal);
            if (value < 0)
                return null;
            bits |= value << held;
            held +=
                i == text.Length - 1 ? BitOperations.Log2((uint)value * 2 + 1)
                : (value & 0x1E) == 0x1E ? 5
                : 6;
            if (held < 8)
                continue;
            bytes.Add((byte)bits);
            bits >>= 8;
            held -= 8;
        }

        if (held > 0)
            bytes.Add((byte)bits);
        bytes.Reverse();
        return [.. bytes];
    }
}
