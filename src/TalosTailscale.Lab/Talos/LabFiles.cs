using System.Globalization;
using System.Text;
using Grpc.Core;
using TalosTailscale.Protos.Machine;
using FileInfo = TalosTailscale.Protos.Machine.FileInfo;

namespace TalosTailscale.Lab.Talos;

/// <summary>The few files of a node's root that clients read. The ESP is not among them: Talos does not mount it.</summary>
internal static class LabFiles
{
    private const uint GoDirectory = 1u << 31;

    internal static SortedDictionary<string, byte[]> Of(LabNode node)
    {
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["/proc/sys/kernel/random/boot_id"] = Text($"{node.BootId:D}\n"),
            ["/proc/cmdline"] = Text(node.KernelCommandLine + "\n"),
            ["/proc/uptime"] = Text(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(node.Cluster.Now - node.BootTime).TotalSeconds:0.00} 0.00\n"
                )
            ),
            ["/etc/os-release"] = Text(
                $"NAME=\"Talos\"\nID=talos\nVERSION_ID={node.TalosVersion}\nPRETTY_NAME=\"Talos ({node.TalosVersion})\"\n"
            ),
            ["/etc/hostname"] = Text(node.Hostname + "\n"),
            ["/etc/machine-id"] = Text(node.MachineId + "\n"),
            ["/etc/resolv.conf"] = Text("nameserver 127.0.0.53\n"),
        };
        foreach (var name in node.LoaderVariables.Names)
            files[$"/sys/firmware/efi/efivars/{name}-{LabLoaderVariables.Guid}"] = node.LoaderVariables.EfivarfsBytes(
                name
            )!;
        return files;
    }

    internal static bool IsFolder(SortedDictionary<string, byte[]> files, string path) =>
        files.Keys.Any(f => f.StartsWith(path.TrimEnd('/') + "/", StringComparison.Ordinal));

    internal static IEnumerable<FileInfo> List(LabNode node, ListRequest request)
    {
        var files = Of(node);
        var root = request.Root.Length == 0 ? "/" : request.Root;
        if (!files.ContainsKey(root) && !IsFolder(files, root))
            throw LabTarget.Failure(StatusCode.Unknown, $"lstat {root}: no such file or directory");
        var depth = request.Recurse ? (request.RecursionDepth <= 0 ? int.MaxValue : request.RecursionDepth) : 1;
        var modified = node.BootTime.ToUnixTimeSeconds();
        yield return Folder(root, ".", modified);
        var prefix = root.TrimEnd('/') + "/";
        var folders = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (path, bytes) in files.Where(f => f.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            var parts = path[prefix.Length..].Split('/');
            for (var i = 1; i < parts.Length && i <= depth; i++)
            {
                var relative = string.Join('/', parts[..i]);
                if (folders.Add(relative))
                    yield return Folder(prefix + relative, relative, modified);
            }

            if (parts.Length <= depth)
            {
                yield return new FileInfo
                {
                    Name = path,
                    RelativeName = path[prefix.Length..],
                    Size = bytes.Length,
                    Mode = 0x1A4,
                    Modified = modified,
                };
            }
        }
    }

    private static FileInfo Folder(string path, string relative, long modified) =>
        new()
        {
            Name = path,
            RelativeName = relative,
            Size = 4096,
            Mode = GoDirectory | 0x1ED,
            Modified = modified,
            IsDir = true,
        };

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
}
