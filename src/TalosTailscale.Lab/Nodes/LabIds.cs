using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace TalosTailscale.Lab.Nodes;

/// <summary>Identifiers of the shapes that Talos uses.</summary>
internal static class LabIds
{
    /// <summary>The minor version of <c>v1.MINOR.PATCH</c>.</summary>
    internal static int Minor(string talosVersion) =>
        int.Parse(talosVersion.Split('.')[1], CultureInfo.InvariantCulture);

    /// <summary>A cluster identity: 32 random bytes in base 62, as <c>Identities.cluster.talos.dev</c> has it.</summary>
    /// <summary>The bytes of an identity, of which the machine id is the first half.</summary>
    internal static byte[] Identity()
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(32);
        bytes[0] |= 0x80;
        return bytes;
    }

    /// <summary>
    /// An identity as Talos writes it: six bits a character, from the last byte to the first, where 11110x and 11111x take
    /// five, since 62 characters are two too few (jxskiss/base62).
    /// </summary>
    internal static string NodeId(byte[] identity)
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        var left = new BigInteger(identity, isUnsigned: true, isBigEndian: true);
        var text = new StringBuilder();
        for (int bits = identity.Length * 8; bits > 0; )
        {
            int value = (int)(left & 0x3F);
            int taken = (value & 0x1E) == 0x1E && (bits > 6 || value > 0x1F) ? 5 : 6;
            if (taken == 5)
                value &= 0x1F;
            text.Append(alphabet[value]);
            left >>= taken;
            bits -= taken;
        }

        return text.ToString();
    }

    internal static ulong MemberId() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1UL << 63;
}
