namespace TalosTailscale.Core.Kubernetes;

/// <summary>Values of a kubeconfig that are there as data or in a file; data wins.</summary>
internal static class KubernetesFiles
{
    internal static byte[] Read(string file, byte[] data, string source)
    {
        if (data.Length > 0 || file.Length == 0)
            return data;
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw KubernetesErrors.KubeconfigInvalid.New(
                $"The kubeconfig '{source}' names the file '{file}', which cannot be read: {e.Message}",
                source,
                e
            );
        }
    }
}
