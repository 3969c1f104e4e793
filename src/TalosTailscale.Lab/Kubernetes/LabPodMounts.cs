using System.Text.Json.Nodes;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>
/// The volumes of a pod, and files of its images, as folders of this machine. Processes of a lab pod have no mounts of
/// their own: paths below one are put into their words instead.
/// </summary>
internal sealed class LabPodMounts(string root, LabPod pod)
{
    private readonly Dictionary<string, string> _image = new(StringComparer.Ordinal);

    /// <summary>A file that an image is to have at a path; its folder is there when this returns.</summary>
    internal string ImageFile(JsonObject container, string path)
    {
        var folder = Path.Combine(root, "images", container.Text("name") ?? "");
        _image[container.Text("name") ?? ""] = folder;
        var file = Path.Combine(folder, path.TrimStart('/'));
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        return file;
    }

    /// <summary>A word of a command, or a value of the environment, with the container's paths as they are here.</summary>
    internal string Translate(JsonObject container, string word)
    {
        var at = word.IndexOf('=', StringComparison.Ordinal) + 1; // dd's if=PATH
        foreach (var (path, folder) in Of(container))
        {
            if (word.StartsWith(path, StringComparison.Ordinal) && IsWhole(word, path.Length))
                return folder + word[path.Length..];
            if (at > 0 && word.AsSpan(at).StartsWith(path, StringComparison.Ordinal) && IsWhole(word, at + path.Length))
                return word[..at] + folder + word[(at + path.Length)..];
        }
        return word;
    }

    private static bool IsWhole(string word, int end) => word.Length == end || word[end] == '/';

    private IEnumerable<(string Path, string Folder)> Of(JsonObject container)
    {
        foreach (var mount in container.Items("volumeMounts"))
        {
            var volume = pod.Spec.Items("volumes").FirstOrDefault(v => v.Text("name") == mount.Text("name"));
            if (volume.Map("emptyDir") is null || mount.Text("mountPath") is not { } path)
                continue;
            var folder = Path.Combine(root, "volumes", mount.Text("name")!);
            yield return (path, Directory.CreateDirectory(folder).FullName);
        }
        if (_image.TryGetValue(container.Text("name") ?? "", out var files))
            yield return ("/usr/install", Path.Combine(files, "usr", "install"));
    }
}
