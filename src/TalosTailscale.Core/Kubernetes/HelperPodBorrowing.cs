using k8s.Models;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// Takes one file out of another image, on the node. A Talos installer is built from scratch around one program and has no
/// shell (siderolabs/talos, Dockerfile, <c>installer-base</c>), so a first container lends it <c>dd</c> from the helper's
/// own image, with the loader that it may need, and a second one, from the image, runs that. Volumes of the kind
/// <c>image</c> would do without, but only from Kubernetes 1.35 on (kubernetes/enhancements#4639).
/// </summary>
internal static class HelperPodBorrowing
{
    internal const string BorrowerName = "from-image";

    private const string Folder = "/talostailscale";
    private const string Volume = "shared";

    // "busybox" is the loader of glibc or musl, or busybox itself where that needs none: all three take a program and its
    // arguments. Which of them it is, is found out by trying.
    private const string Lend = """
        cd "$1" || exit 1
        for file in "$(command -v dd)" /usr/bin/dd /bin/dd /bin/busybox; do
          if [ -f "$file" ]; then cp "$file" dd; break; fi
        done
        for file in /lib/*/libc.so.6 /lib64/libc.so.6 /lib/libc.so.6; do
          if [ -e "$file" ]; then cp "$file" libc.so.6 || exit 1; fi
        done
        for file in /lib/ld-linux*.so.* /lib64/ld-linux*.so.* /lib/ld-musl-*.so.1 dd; do
          [ -e "$file" ] || continue
          rm -f busybox
          cp "$file" busybox || exit 1
          LD_LIBRARY_PATH=$1 ./busybox "$1/dd" if=/dev/null of=/dev/null 2>/dev/null && exit 0
        done
        echo "the image's dd runs in no other image" >&2
        exit 1
        """;

    /// <summary>Where the file is in the container of the pod.</summary>
    internal static string Target => Folder + "/file";

    /// <summary>Adds the two containers and the folder that they share.</summary>
    internal static void Add(V1PodSpec pod, HelperPodSpec spec)
    {
        pod.InitContainers =
        [
            Container("lend", spec.Image, ["sh", "-c", Lend, "lend", Folder]),
            Container(
                BorrowerName,
                spec.FromImage!,
                [Folder + "/busybox", Folder + "/dd", "if=" + spec.FromImageFile, "of=" + Target, "bs=1048576"]
            ),
        ];
        pod.Containers[0]
            .VolumeMounts.Add(
                new V1VolumeMount
                {
                    Name = Volume,
                    MountPath = Folder,
                    ReadOnlyProperty = true,
                }
            );
        pod.Volumes.Add(
            new V1Volume
            {
                Name = Volume,
                EmptyDir = new V1EmptyDirVolumeSource { SizeLimit = new ResourceQuantity("2Gi") },
            }
        );
    }

    private static V1Container Container(string name, string image, IList<string> command) =>
        new()
        {
            Name = name,
            Image = image,
            ImagePullPolicy = "IfNotPresent",
            Command = command,
            Env = [new V1EnvVar { Name = "LD_LIBRARY_PATH", Value = Folder }],
            TerminationMessagePolicy = "FallbackToLogsOnError",
            SecurityContext = new V1SecurityContext
            {
                RunAsUser = 0,
                AllowPrivilegeEscalation = false,
                Capabilities = new V1Capabilities { Drop = ["ALL"] },
            },
            VolumeMounts = [new V1VolumeMount { Name = Volume, MountPath = Folder }],
        };
}
