using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security;

namespace TalosTailscale.Tests.Views;

/// <summary>
/// Fills an object of any model type with values as real ones look and as long as they get, the same at every run, so
/// that a type that is added has its snapshot at once.
/// </summary>
internal static class ViewSample
{
    private const string Hash = "376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba";

    private static readonly Dictionary<string, string> s_texts = new(StringComparer.Ordinal)
    {
        ["Node"] = "talos-192-168-1-203",
        ["Name"] = "ampone",
        ["PreviousHostname"] = "talos-192-168-1-203",
        ["DnsName"] = "ampone.tail1234.ts.net.",
        ["KubernetesName"] = "talos-192-168-1-203",
        ["Address"] = "192.168.1.203",
        ["OldAddress"] = "192.168.1.190",
        ["NewAddress"] = "192.168.1.203",
        ["Addresses"] = "100.101.102.103",
        ["Version"] = "v1.12.4",
        ["TalosVersion"] = "v1.12.4",
        ["PreviousVersion"] = "v1.12.3",
        ["Path"] = "/home/op/images/376567988ad3-v1.12.4-metal-arm64-uki.efi",
        ["Device"] = "/dev/nvme0n1p1",
        ["EspDevice"] = "/dev/nvme0n1p1",
        ["BootedEntry"] = "Talos-v1.12.4.efi",
        ["Backup"] = "Talos-v1.12.4.efi.bak.20260102T030405Z",
        ["StagedName"] = ".Talos-v1.12.4.efi.staged-3f2a91",
        ["Evidence"] = "the service ext-tailscale has been running for 3 minutes and its health check passes",
        ["Cause"] = "the auth key has expired",
        ["Meaning"] = "the tailnet no longer accepts the key that the node logs in with",
        ["Fix"] = "make a new key, render and patch again: New-TsExtensionServiceConfig | Set-TalosMachinePatch",
        ["Image"] = $"factory.talos.dev/metal-installer/{Hash}:v1.12.4",
        ["InstallerImage"] = $"factory.talos.dev/metal-installer/{Hash}:v1.12.4",
        ["Reference"] = "registry.ide-newton.ts.net/lab/registry-smoketest:1",
        ["Digest"] = "sha256:" + Hash,
        ["Routes"] = "192.168.1.0/24",
        ["Tags"] = "tag:k8s-node",
        ["Extensions"] = "siderolabs/tailscale",
        ["Manifests"] = "/home/op/devices/ampone/manifests/tailscale-dns.patch.yaml",
        ["Message"] = "Service in running state",
        ["IdHex"] = "8e9e05c52164694d",
        ["Hostname"] = "ampone",
        ["Author"] = "Sidero Labs",
        ["Description"] = "Tailscale runs as a system service on the node",
        ["Old"] = "192.168.1.190",
        ["New"] = "192.168.1.203",
        ["Text"] = "machine.certSANs[0]",
        ["Source"] = "/home/op/devices/ampone/node.yaml",
        ["Line"] = "2026/01/02 03:04:05 Startup complete, waiting for shutdown signal",
        ["State"] = "Running",
        ["Stage"] = "running",
        ["Service"] = "ext-tailscale",
        ["PeerUrls"] = "https://192.168.1.203:2380",
        ["ClientUrls"] = "https://192.168.1.203:2379",
        ["Documents"] = "v1alpha1 ExtensionServiceConfig tailscale",
        ["Type"] = "MachineStatuses.runtime.talos.dev",
        ["Namespace"] = "runtime",
        ["Location"] = "EFI/Linux/Talos-v1.12.4.efi",
        ["UkiInfo.Name"] = "talos-v1.12.4-metal-arm64-uki-37656798.efi",
        ["UkiExtension.Name"] = "tailscale",
        ["UkiExtension.Version"] = "1.94.1",
        ["TsCheck.Name"] = "TailnetAddress",
        ["TsCheck.Cause"] = "AuthKeyExpired",
        ["CommandLine"] = "talos.platform=metal console=ttyAMA0 init_on_alloc=1",
    };

    /// <summary>An object of the type.</summary>
    public static object Of(Type type) => Make(type, type.Name, depth: 0)!;

    private static object? Make(Type type, string name, int depth)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
            return name.EndsWith("Sha256", StringComparison.Ordinal) || name is "SchematicId" or "Schematic" ? Hash
                : name == "Id" ? "ext-tailscale"
                : s_texts.GetValueOrDefault(name, name.ToLowerInvariant());
        if (type == typeof(bool))
            return true;
        if (type == typeof(int))
            return 3;
        if (type == typeof(long))
            return 109_051_904L;
        if (type == typeof(ulong))
            return 10276657743932975437UL;
        if (type == typeof(double))
            return 1.5;
        if (type == typeof(Version))
            return new Version(1, 12, 4);
        if (type == typeof(Uri))
            return new Uri($"https://factory.talos.dev/image/{Hash}/v1.12.4/metal-arm64-uki.efi");
        if (type == typeof(DateTimeOffset))
            return new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        if (type == typeof(TimeSpan))
            return TimeSpan.FromSeconds(83.4);
        if (type == typeof(object))
            return "value";
        if (type == typeof(SecureString))
            return new SecureString();
        if (type == typeof(byte[]))
            return new byte[] { 1, 2, 3 };
        if (type == typeof(ReadOnlyMemory<byte>))
            return new ReadOnlyMemory<byte>([1, 2, 3]);
        if (type.IsEnum)
            return Enum.GetValues(type).GetValue(Enum.GetValues(type).Length - 1);
        if (type.IsGenericType && type.GetGenericArguments() is [var key, var value])
        {
            var map = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(key, value))!;
            map.Add(Make(key, "key", depth + 1)!, Make(value, "value", depth + 1));
            return map;
        }

        if (type.IsGenericType && type.GetGenericArguments() is [var item])
        {
            var list = Array.CreateInstance(item, depth > 2 ? 0 : 1);
            if (list.Length > 0)
                list.SetValue(Make(item, name, depth + 1), 0);
            return list;
        }

        return depth > 3 ? null : Fill(type, depth);
    }

    private static object Fill(Type type, int depth)
    {
        object made = RuntimeHelpers.GetUninitializedObject(type);
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.SetMethod is null || property.GetIndexParameters().Length > 0)
                continue;
            string special = $"{type.Name}.{property.Name}";
            property.SetValue(
                made,
                Make(property.PropertyType, s_texts.ContainsKey(special) ? special : property.Name, depth + 1)
            );
        }

        return made;
    }
}
