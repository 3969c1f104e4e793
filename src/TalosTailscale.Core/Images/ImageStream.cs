namespace TalosTailscale.Core.Images;

/// <summary>Opens a file for reading here and there in it.</summary>
internal static class ImageStream
{
    public static Task<Stream> OpenAsync(string path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            // No buffer: readers read either little in one piece or much in large ones.
            return Task.FromResult<Stream>(new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.Read,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
                Options = FileOptions.Asynchronous,
            }));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw ImageErrors.ImageNotFound.New($"'{path}' does not exist.", path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ImageErrors.ImageUnreadable.New($"'{path}' cannot be opened: {e.Message}", path, e);
        }
    }
}
