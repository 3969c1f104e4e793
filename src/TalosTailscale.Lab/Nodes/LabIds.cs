using System.Globalization;
using System.Security.Cryptography;

namespace TalosTailscale.Lab.Nodes;

/// <summary>Identifiers of the shapes that Talos uses.</summary>
internal static class LabIds
{
    /// <summary>The minor version of <c>v1.MINOR.PATCH</c>.</summary>
    internal static int Minor(string talosVersion) =>
        int.Parse(talosVersion.Split('.')[1], CultureInfo.InvariantCulture);

    /// <summary>A cluster identity: 32 random bytes in base 62, as <c>Identities.cluster.talos.dev</c> has it.</summary>
    internal static string NodeId() =>
        RandomNumberGenerator.GetString("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 43);

    internal static ulong MemberId() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1UL << 63;
}
